import type { Nouns } from '../../../daemon/catalogue/catalogue.js';
import {
  EMPTY,
  entryOf,
  type Fault,
  follow,
  type Head,
  isFault,
  TAPEDECK,
} from '../../../daemon/domain/assurance/audit.js';
import { fail } from '../../../daemon/domain/error.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { aCall } from '../../support/recordings/a-call.js';
import type { Part } from '../catalogue.js';

const entry = (n: number) => entryOf(TAPEDECK, n, 'start', { detail: { n } });

/** The audit log, and what is written with an entry in it. */
export const audit: Part = (t, open) => {
  t.test('a deed and its entry are both there, or neither', async (t) => {
    const { catalogue } = await open(t);
    const size = async () => (await catalogue.audit.head()).size;
    await catalogue.audit.append(entry(0));
    const before = await size();
    const save = (id: string) => (c: Nouns) => c.calls.save(aCall(id));
    await catalogue.audited(entry(1), save('A'));
    t.equal(await size(), before + 1);
    t.ok(await catalogue.calls.get('A'));

    const unknown = (c: Nouns) => c.recordings.erased('nobody', 1);
    await t.rejects(catalogue.audited(entry(2), unknown), { code: 'recording_absent' });
    t.equal(await size(), before + 1, 'no entry of what was not done');

    const broken = () => {
      throw fail('internal', 'no entry');
    };
    await t.rejects(catalogue.audited<void>(broken, save('B')), { code: 'internal' });
    t.equal(await catalogue.calls.get('B'), null, 'no deed without its entry');

    await catalogue.audited<void>(() => null, save('C'));
    t.ok(await catalogue.calls.get('C'), 'a deed may have nothing to tell');
    await catalogue.audited<number>(
      (version) => [entry(version), entry(version + 1)],
      (c) => c.policy.save(defaultPolicy, 'ada', 1, 0),
    );
    t.equal(await size(), before + 3, 'or two things, of what it has given');
  });

  t.test('one entry covers one deed, and reading is none', async (t) => {
    const { catalogue } = await open(t);
    const both = async (c: Nouns) => {
      await c.calls.save(aCall('A'));
      await c.calls.save(aCall('B'));
    };
    await t.rejects(catalogue.audited(entry(1), both), { code: 'internal' });
    t.equal(await catalogue.calls.get('B'), null);
    await t.rejects(
      catalogue.audited(entry(1), (c) => c.calls.get('A')),
      { code: 'internal' },
    );
  });

  t.test('deeds of one turn are each whole, and one that fails spoils no other', async (t) => {
    const { catalogue } = await open(t);
    const ids = Array.from({ length: 40 }, (_, i) => `C${i}`);
    const done = await Promise.allSettled(
      ids.map((id, i) =>
        catalogue.audited(entry(i), (c) =>
          i % 10 === 9 ? c.recordings.erased(id, 1) : c.calls.save(aCall(id, { startedAt: i })),
        ),
      ),
    );
    t.equal(done.filter((d) => d.status === 'rejected').length, 4);
    t.equal((await catalogue.calls.list({ limit: 99 })).length, 36);
    t.equal((await catalogue.audit.entries({ limit: 99 })).filter((e) => e.action === 'start').length, 36);
  });

  t.test('the log is a chain from its first entry, and found by what it says', async (t) => {
    const { catalogue, again } = await open(t);
    const person = { actor: 'person', actor_id: 'P', actor_name: 'Ada', address: '::1' } as const;
    const about = { object: 'call', object_id: 'A', words: 'quiet words' } as const;
    t.equal(
      await catalogue.audit.append(entryOf(person, 1_000, 'search', about)),
      2,
      'after the one that begins it',
    );
    await catalogue.audit.append(entryOf(person, 2_000, 'play', { ...about, outcome: 'refused' }));
    const kept = await again();
    const rows = await kept.audit.rows(1, 9);
    const { size, hash } = await kept.audit.head();
    t.strictSame(
      rows.reduce<Head | Fault>((head, row) => (isFault(head) ? head : follow(head, row)), EMPTY),
      { size, hash },
    );
    t.ok(await kept.audit.id());
    t.match(await kept.audit.entries({ objectId: 'A', limit: 9 }), [
      { action: 'play' },
      { action: 'search', words: 'quiet words' },
    ]);
    t.equal((await kept.audit.entries({ outcome: 'refused', limit: 9 })).length, 1);
    t.equal((await kept.audit.entries({ actor: 'P', from: 1_500, limit: 9 })).length, 1);
    t.match(await kept.audit.actors(), [{ id: 'P', name: 'Ada', kind: 'person' }]);
    t.equal(await kept.audit.forgetWords(1_500), 1);
    t.match(await kept.audit.entries({ actions: ['search'], limit: 9 }), [{ words: null }]);
    await kept.audit.keepCheckpoint({ size, at: 5, note: 'note' });
    t.same(await kept.audit.checkpoints(9), [{ size, at: 5, note: 'note' }]);
    t.same(await kept.schemaFaults(), []);
  });

  t.test('what a dashboard tells is written in its order, each once', async (t) => {
    const { catalogue } = await open(t);
    const told = [1, 2, 3].map((seq) => ({ seq, entry: entry(seq) }));
    t.equal(await catalogue.audit.tell('desk', told.slice(0, 2), 1), 2);
    t.equal(await catalogue.audit.tell('desk', told, 2), 3, 'said again');
    t.equal(await catalogue.audit.tell('other', told.slice(0, 1), 3), 1);
    const said = (await catalogue.audit.entries({ actions: ['start'], limit: 9 })).map((e) => e.detail.n);
    t.same(said, [1, 3, 2, 1]);
  });

  t.test('changes are counted, but for what only the log says', async (t) => {
    const { catalogue, again } = await open(t);
    const before = await catalogue.changeCount();
    await catalogue.audit.append(entry(1));
    t.equal(await catalogue.changeCount(), before);
    await catalogue.calls.save(aCall('A'));
    t.ok((await catalogue.changeCount()) > before);
    t.equal(await catalogue.checkpoint(), true);
    t.equal(await (await again()).changeCount(), await catalogue.changeCount());
  });
};
