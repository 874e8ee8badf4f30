import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import type { NewMatter } from '../../../daemon/catalogue/retention/holds.js';
import { digestOfShown } from '../../../daemon/domain/approval/approval.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import type { CallRecord } from '../../../daemon/domain/recording/recording.js';
import { ANY_CALL, type HoldQuery, type Letting } from '../../../daemon/domain/retention/hold.js';
import { recorded } from '../../support/catalogue/opened.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';
import type { Part } from '../catalogue.js';

const WHY = noted('Its time is over.');
const query = (more: Partial<HoldQuery>): HoldQuery => ({ ...ANY_CALL, ...more });
const matter = (id: string, more: Partial<NewMatter> = {}): NewMatter => ({
  ...{ id, name: `Matter ${id}`, reason: 'Letter of 3 May', query: null, openedBy: 'ada', openedAt: 5 },
  ...more,
});
const leg = (number: string) => ({
  ...{ id: `leg-${number}`, party: { number, name: '', ours: true }, endpoint: number },
  ...{ seenAt: 1, upAt: 2, goneAt: 3 },
});

async function keep(catalogue: Catalogue, id: string, more: Partial<CallRecord> = {}): Promise<void> {
  await catalogue.calls.save(aCall(`C${id}`, more));
  await catalogue.recordings.sealed(aRecording(id, `C${id}`), new Uint8Array(3), recorded);
}
const heldBy = async (catalogue: Catalogue, id: string) =>
  (await catalogue.holds.of([id])).map((row) => `${row.matter} ${row.why}`);

/** Legal holds, and what they keep from being erased. */
export const holds: Part = (t, open) => {
  t.test('what is picked is held, by any number of matters, and nothing erases it', async (t) => {
    const { catalogue, again } = await open(t);
    for (const id of ['R1', 'R2', 'R3']) await keep(catalogue, id);
    await catalogue.holds.open(matter('M1'));
    await catalogue.holds.open(matter('M2', { openedAt: 6 }));
    await t.rejects(catalogue.holds.open(matter('M3', { name: 'Matter M1' })), { code: 'matter_exists' });
    t.same(await catalogue.holds.pick('M1', ['R1', 'R2'], 'bob', 7), ['R1', 'R2']);
    t.same(await catalogue.holds.pick('M1', ['R2', 'R3'], 'bob', 8), ['R3'], 'only what is new');
    await catalogue.holds.pick('M2', ['R1'], 'bob', 8);
    const other = await again();
    t.same(await heldBy(other, 'R1'), ['M1 picked', 'M2 picked']);
    t.match(await other.holds.list(), [
      { id: 'M2', state: 'open', held: { query: 0, picked: 1 }, revision: 2 },
      { id: 'M1', state: 'open', held: { query: 0, picked: 3 }, revision: 3, openedBy: 'ada', query: null },
    ]);
    t.match(await other.holds.items('M1', 0, 2), [
      { recordingId: 'R1', why: 'picked', at: 7, by: 'bob' },
      { recordingId: 'R2' },
    ]);
    const [, second] = await other.holds.items('M1', 0, 2);
    t.match(await other.holds.items('M1', second!.seq, 2), [{ recordingId: 'R3' }]);
    t.match(await other.holds.guard('R1', 9), {
      code: 'legal_hold',
      params: { matters: ['Matter M1', 'Matter M2'] },
    });
    await t.rejects(catalogue.recordings.eraseIntended('R1', WHY, 9), {
      code: 'kept_by_hold',
      detail: /Matter M1, Matter M2/,
    });
    t.equal((await catalogue.recordings.get('R1'))?.state, 'sealed');
    await keep(catalogue, 'R4');
    t.equal(await catalogue.holds.guard('R4', 9), null);
    await catalogue.recordings.eraseIntended('R4', WHY, 9);
    await t.rejects(catalogue.holds.pick('M1', ['R4'], 'bob', 9), { code: 'recording_absent' });
    await t.rejects(catalogue.holds.pick('M9', ['R1'], 'bob', 9), { code: 'matter_unknown' });
    t.equal(await catalogue.holds.get('M9'), null);
    await catalogue.recordings.eraseIntended('R4', WHY, 10);
    t.pass('idempotent');
  });

  t.test('a query holds what is there, page by page, and nothing is erased until it is done', async (t) => {
    const { catalogue } = await open(t);
    for (let n = 0; n < 7; n++)
      await keep(catalogue, `R${n}`, { startedAt: 1000 + n, direction: n % 2 ? 'in' : 'out' });
    await catalogue.holds.open(matter('M', { query: query({ direction: 'in', from: 1002, to: 1006 }) }));
    t.same(await catalogue.holds.applying(), ['M']);
    t.match(await catalogue.holds.get('M'), { state: 'applying' });
    t.match(await catalogue.holds.guard('R0', 9), { code: 'legal_hold_applying' });
    await t.rejects(catalogue.recordings.eraseIntended('R0', WHY, 9), { code: 'kept_by_hold' });
    t.equal(await catalogue.holds.apply('M', 2, 50), false);
    t.equal(await catalogue.holds.apply('M', 2, 51), false);
    t.equal(await catalogue.holds.apply('M', 2, 52), true);
    t.equal(await catalogue.holds.apply('M', 2, 53), true, 'again');
    t.same(await catalogue.holds.applying(), []);
    t.match(await catalogue.holds.get('M'), { state: 'open', held: { query: 2, picked: 0 } });
    t.same(
      (await catalogue.holds.items('M', 0, 9)).map((i) => i.recordingId),
      ['R3', 'R5'],
    );
    await catalogue.recordings.eraseIntended('R0', WHY, 9);
    await t.rejects(catalogue.recordings.eraseIntended('R3', WHY, 9), { code: 'kept_by_hold' });

    await t.rejects(catalogue.holds.widen('M', query({ direction: 'out' })), { code: 'hold_narrower' });
    t.match(await catalogue.holds.widen('M', query({ from: 1001 })), { state: 'applying' });
    while (!(await catalogue.holds.apply('M', 100, 60)));
    t.same((await catalogue.holds.items('M', 0, 9)).map((i) => i.recordingId).toSorted(), [
      'R1',
      'R2',
      'R3',
      'R4',
      'R5',
      'R6',
    ]);
  });

  t.test('a query catches what is sealed later, and calls of which more becomes known', async (t) => {
    const { catalogue } = await open(t);
    await catalogue.holds.open(matter('M', { query: query({ extensions: ['207'] }) }));
    t.equal(await catalogue.holds.apply('M', 100, 6), true);
    await keep(catalogue, 'R1', { legs: [leg('207')] });
    await keep(catalogue, 'R2', { legs: [leg('208')] });
    t.same(await heldBy(catalogue, 'R1'), ['M query'], 'with its seal');
    t.same(await heldBy(catalogue, 'R2'), []);
    await catalogue.calls.save(aCall('CR2', { legs: [leg('208'), leg('207')] }));
    t.same(await heldBy(catalogue, 'R2'), ['M query'], 'once another leg is known');
    await catalogue.calls.save(aCall('CR2', { legs: [leg('208')] }));
    t.same(await heldBy(catalogue, 'R2'), ['M query'], 'and from then on');

    await keep(catalogue, 'R3', { legs: [leg('300')] });
    await catalogue.calls.save(aCall('CX', { legs: [leg('207')] }));
    await catalogue.calls.absorb('CR3', 'CX');
    t.same(await heldBy(catalogue, 'R3'), ['M query'], 'of a call that became part of another');
  });

  t.test('calls that match and were not recorded in full are listed', async (t) => {
    const { catalogue } = await open(t);
    await keep(catalogue, 'R1', { startedAt: 10 });
    await catalogue.calls.save(aCall('A', { startedAt: 20 }));
    await catalogue.calls.save(aCall('B', { startedAt: 30 }));
    await catalogue.calls.save(aCall('T', { startedAt: 30, test: true }));
    await catalogue.holds.open(matter('M', { query: query({ from: 5 }) }));
    await catalogue.calls.save(aCall('CG', { startedAt: 15 }));
    const gap = { atMs: 0, untilMs: 9, side: 'both' as const, why: null };
    await catalogue.recordings.sealed(aRecording('RG', 'CG', { gaps: [gap] }), new Uint8Array(3), recorded);
    await catalogue.calls.save(aCall('CM', { startedAt: 12 }));
    const mask = { atMs: 0, untilMs: 9, side: 'both' as const, kind: 'mask' as const, writtenMs: 0 };
    await catalogue.recordings.sealed(aRecording('RM', 'CM', { masks: [mask] }), new Uint8Array(3), recorded);
    const found = await catalogue.holds.unrecorded('M', null, 1);
    t.same(
      found.calls.map(({ id }) => id),
      ['B'],
    );
    t.match(found.next, { startedAt: 30, id: 'B' });
    const more = await catalogue.holds.unrecorded('M', found.next, 9);
    t.equal(more.next, null);
    t.same(
      more.calls.map(({ id }) => id),
      ['A', 'CG', 'CM'],
      'without a recording, with a gap, and masked',
    );
  });

  t.test(
    'a release needs an approval for exactly it, and lets go page by page what was held then',
    async (t) => {
      const { catalogue } = await open(t);
      const held = async () => (await catalogue.holds.items('M', 0, 9)).map((i) => i.recordingId);
      for (const id of ['ada', 'ben'])
        await catalogue.people.add({ ...FOUNDER, id, name: id, passwordHash: 'h', createdAt: 1 });
      for (let n = 0; n < 5; n++)
        await keep(catalogue, `R${n}`, { startedAt: 1000 + n, direction: n > 1 ? 'in' : 'out' });
      await catalogue.holds.open(matter('M', { query: query({ direction: 'in' }) }), ['R0', 'R1']);
      while (!(await catalogue.holds.apply('M', 100, 6)));
      t.same(await held(), ['R0', 'R1', 'R2', 'R3', 'R4']);
      const upto = await catalogue.holds.newestPlace();
      await keep(catalogue, 'R5');
      t.same(await heldBy(catalogue, 'R5'), ['M query'], 'caught after the release was asked for');

      const leave = async (letting: Letting) =>
        (await catalogue.holds.leaving('M', letting, { after: 0, upto }, 9)).items.map((i) => i.recordingId);
      t.same(await leave({ what: 'all' }), ['R0', 'R1', 'R2', 'R3', 'R4']);
      t.same(
        await leave({ what: 'recordings', recordings: ['R0', 'R2'] }),
        ['R0'],
        'not what the query asks for',
      );
      t.same(await leave({ what: 'query', query: query({ direction: 'in', from: 1004 }) }), ['R2', 'R3']);
      t.same(await leave({ what: 'query', query: null }), ['R2', 'R3', 'R4']);

      const digest = digestOfShown({});
      const approve = async (id: string) => {
        await catalogue.approvals.ask({
          ...{ id, act: 'release_hold', object: 'M', digest, shown: {}, reason: 'Over', alone: false },
          ...{ askedBy: { id: 'ada', name: 'ada' }, askedAt: 10, expiresAt: 9_000, notBefore: 50 },
        });
        await catalogue.approvals.approve(id, { digest, by: { id: 'ben', name: 'ben' }, at: 20 });
      };
      const release = (id: string, letting: Letting, more: object = {}) => ({
        ...{ id, matter: 'M', upto, letting, approval: `A${id}`, reason: 'Over', askedBy: 'ada' },
        ...{ approvedBy: 'ben', at: 60, ...more },
      });
      const revision = async () => (await catalogue.holds.get('M'))!.revision;
      const narrow = release('1', { what: 'query', query: query({ direction: 'in', from: 1004 }) });
      const approved = async () => ({ digest, revision: await revision() });
      await t.rejects(catalogue.holds.release(narrow, await approved()), { code: 'approval_missing' });
      await approve('A1');
      for (const [given, how, code] of [
        [{ ...narrow, at: 40 }, await approved(), 'approval_missing'],
        [narrow, { ...(await approved()), digest: 'e'.repeat(64) }, 'approval_missing'],
        [narrow, { digest, revision: 1 }, 'matter_changed'],
      ] as const)
        await t.rejects(catalogue.holds.release(given, how), { code });
      t.match(await catalogue.holds.release(narrow, await approved()), {
        doneAt: null,
        was: { direction: 'in' },
      });
      t.match(await catalogue.holds.get('M'), { state: 'releasing' });
      await t.rejects(
        catalogue.recordings.eraseIntended('R2', WHY, 61),
        { code: 'kept_by_hold' },
        'until it is let go',
      );
      t.equal(await catalogue.holds.carryOut('1', 1, 70), false);
      t.equal((await catalogue.holds.releases()).length, 1);
      while (!(await catalogue.holds.carryOut('1', 1, 71)));
      while (!(await catalogue.holds.apply('M', 100, 72)));
      t.same(await held(), ['R0', 'R1', 'R4', 'R5']);
      t.same(
        (await catalogue.holds.released('1', 0, 9)).map((i) => i.recordingId),
        ['R2', 'R3'],
      );
      t.match(await catalogue.holds.releases('M'), [{ id: '1', doneAt: 71, released: 2 }]);
      t.equal((await catalogue.recordings.get('R2'))?.state, 'sealed', 'nothing is erased by it');
      await catalogue.recordings.eraseIntended('R2', WHY, 73);

      await approve('A2');
      await catalogue.holds.release(release('2', { what: 'all' }), await approved());
      while (!(await catalogue.holds.carryOut('2', 100, 80)));
      t.same(await held(), ['R5'], 'what was caught later stays');
      t.match(await catalogue.holds.get('M'), { state: 'open', query: null, held: { query: 1, picked: 0 } });
      await approve('A3');
      await catalogue.holds.release(
        release('3', { what: 'all' }, { upto: await catalogue.holds.newestPlace() }),
        await approved(),
      );
      while (!(await catalogue.holds.carryOut('3', 100, 90)));
      t.match(await catalogue.holds.get('M'), { state: 'released', releasedAt: 90 });
      await t.rejects(catalogue.holds.pick('M', ['R0'], 'ada', 91), { code: 'matter_released' });
    },
  );
};
