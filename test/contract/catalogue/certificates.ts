import { RETENTION_RUN } from '../../../daemon/domain/certificate/certificate.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { recorded } from '../../support/catalogue/opened.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';
import type { Part } from '../catalogue.js';

const run = (id: string, startedAt: number) => ({ ...RETENTION_RUN, id, startedAt });
const issued = (number: number, lastSeq: number, items: number) => ({
  ...{ number, text: `{"number":${number}}`, signature: 'S', keyId: 'K', issuedAt: 9, items, lastSeq },
  kind: 'retention' as const,
});

/** Erasures and their certificates. */
export const certificates: Part = (t, open) => {
  t.test('an erasure is of the run in which it began, and on one certificate', async (t) => {
    const { catalogue, again } = await open(t);
    const { certificates, recordings } = catalogue;
    for (const id of ['A', 'B', 'C', 'D']) {
      await catalogue.calls.save(aCall(`C${id}`));
      await recordings.sealed(aRecording(id, `C${id}`, { keepRule: 'Short' }), Buffer.alloc(9), recorded);
    }
    const why = because('due', { rule: 'Short', why: noted('Law') });
    await certificates.begin(run('one', 1));
    for (const id of ['A', 'B']) await recordings.eraseIntended(id, why, 2);
    await recordings.erased('A', 3);
    await certificates.end(4);
    await recordings.eraseIntended('C', why, 5);
    await certificates.begin(run('two', 6));
    await recordings.erased('B', 7);
    await recordings.erased('A', 8);
    await recordings.eraseIntended('D', why, 8);
    for (const id of ['C', 'D']) await recordings.erased(id, 9);

    const found = await certificates.open(0, 9);
    t.match(found, [
      { seq: 1, recording: 'A', call: 'CA', run: run('one', 1), erasedAt: 3, beganAt: 2, rule: 'Short' },
      { seq: 2, recording: 'B', run: { id: 'one' }, erasedAt: 7, gone: true },
      { seq: 3, recording: 'C', run: null, reason: 'Short: Law', sealedSha256: 'b'.repeat(64) },
      { seq: 4, recording: 'D', run: { id: 'two' } },
    ]);
    t.same(await certificates.open(3, 9), found.slice(3));
    t.same(await certificates.open(0, 1), found.slice(0, 1));

    await t.rejects(certificates.issue(issued(1, 2, 2)), { code: 'internal' }, 'not before they have lines');
    await certificates.describe([
      { seq: 1, text: 'a' },
      { seq: 2, text: 'b' },
    ]);
    await certificates.describe([{ seq: 1, text: 'a again' }]);
    await t.rejects(certificates.issue(issued(2, 2, 2)), { code: 'internal' }, 'nor with a gap before it');
    await certificates.issue(issued(1, 2, 2));
    await t.rejects(certificates.issue(issued(1, 2, 2)), { code: 'internal' });
    await certificates.describe([{ seq: 1, text: 'after it was issued' }]);
    await certificates.refuse({ seq: 1, recording: 'A' });
    await certificates.refuse({ seq: 3, recording: 'C' });
    t.match(await certificates.open(0, 9), [{ seq: 4, recording: 'D' }]);
    t.equal(await certificates.of('C'), null, 'what was refused is on no certificate');
    await certificates.reopen(9);
    t.match(await certificates.open(0, 9), [
      { seq: 4, recording: 'D' },
      { seq: 5, recording: 'C' },
    ]);
    t.same(
      (await certificates.open(0, 9)).map((one) => one.recording),
      ['D', 'C'],
    );
    await certificates.describe([
      { seq: 4, text: 'd' },
      { seq: 5, text: 'c' },
    ]);
    await certificates.issue(issued(2, 5, 2));

    const other = (await again()).certificates;
    t.same(await other.open(0, 9), []);
    t.equal(await other.count(), 2);
    t.equal(await other.last(), 2);
    const kept = (number: number) => {
      const { lastSeq, ...given } = issued(number, 0, 2);
      return given;
    };
    t.same(await other.get(1), kept(1));
    t.same(await other.get(3), null);
    t.same(await other.list({ limit: 9 }), [kept(2), kept(1)]);
    t.same(await other.list({ before: 2, limit: 9 }), [kept(1)]);
    t.same(await other.items(1, 0, 9), [
      { seq: 1, text: 'a again' },
      { seq: 2, text: 'b' },
    ]);
    t.same(await other.items(2, 4, 9), [{ seq: 5, text: 'c' }]);
    t.same(await other.items(2, 0, 1), [{ seq: 4, text: 'd' }]);
    t.same(await Promise.all(['A', 'B', 'C', 'D', 'E'].map((id) => other.of(id))), [1, 1, 2, 2, null]);
  });
};
