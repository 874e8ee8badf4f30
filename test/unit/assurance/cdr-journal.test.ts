import { appendFileSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { createIntake } from '../../../daemon/assurance/assure/intake.js';
import { createWatch } from '../../../daemon/calls/watch.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { createCdrJournal } from '../../../daemon/cdr/journal.js';
import type { Cdr } from '../../../daemon/domain/assurance/cdr.js';
import { catalogueFile, cdrJournalFile } from '../../../daemon/domain/paths.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { createLog } from '../../../daemon/ops/log.js';
import { freshCatalogue } from '../../support/catalogue/fresh.js';
import { until } from '../../support/recorder.js';
import { noted, worded } from '../../support/words.js';

const T0 = Date.UTC(2026, 10, 25, 9);
const log = createLog('silent', 'test');

const aCdr = (n: number, more: Partial<Cdr> = {}): Cdr => ({
  pbx: FIRST,
  ...{ linkedid: `${T0 / 1000}.${n}`, uniqueid: `${T0 / 1000}.${n}` },
  ...{ channel: `PJSIP/100-${n}`, peer: 'PJSIP/101-1', src: '100', dst: '101', name: 'Ada “A” Caller' },
  ...{ context: 'internal', app: 'Dial', startAt: T0, answerAt: T0 + 1000, endAt: T0 + 5000 },
  ...{ disposition: 'ANSWERED', ahead: 0, ...more },
});

function opened(t: Test, maxBytes?: number) {
  const file = cdrJournalFile(t.testdir());
  const journal = createCdrJournal({ file, ...(maxBytes && { maxBytes }) });
  t.teardown(() => journal.stop());
  return { file, journal, text: () => readFileSync(file, 'utf8') };
}

t.test('what was appended is read back by the next process', async (t) => {
  const { file, journal } = opened(t);
  t.same(journal.read(), { heard: [], unreadable: 0 });
  const heard = [1, 2, 3].map((n) => ({ at: T0 + n, cdr: aCdr(n) }));
  for (const one of heard) journal.append(one);
  await journal.sync();
  const next = createCdrJournal({ file });
  t.same(next.read(), { heard, unreadable: 0 });
  next.clear();
  next.stop();
  t.same(journal.read(), { heard: [], unreadable: 0 });
  t.equal(statSync(file).mode & 0o777, 0o600, 'phone numbers are in it');
  t.equal(statSync(dirname(file)).mode & 0o777, 0o700);
});

t.test('a line that was cut off costs that line only, and so does one that makes no sense', async (t) => {
  const { file, journal, text } = opened(t);
  journal.append({ at: T0, cdr: aCdr(1) });
  journal.stop();
  const whole = text();
  appendFileSync(file, `{"at":1,"cdr":{"linkedid":7}}\nnot JSON\nnull\n${whole.slice(0, 90)}`);
  journal.append({ at: T0, cdr: aCdr(2) });
  const { heard, unreadable } = journal.read();
  t.same(
    heard.map((h) => h.cdr),
    [aCdr(1), aCdr(2)],
  );
  t.equal(unreadable, 4);
  for (let at = 0; at < whole.length; at++) {
    journal.stop();
    writeFileSync(file, whole.slice(0, at));
    journal.append({ at: T0, cdr: aCdr(2) });
    t.same(journal.read().heard.at(-1)?.cdr, aCdr(2), `cut off after ${at} bytes`);
  }
});

t.test('it is bounded, and follows no link', async (t) => {
  const { file, journal, text } = opened(t, 1000);
  const fill = () => {
    for (let n = 0; n < 10; n++) journal.append({ at: T0, cdr: aCdr(n) });
  };
  t.throws(fill, { code: 'disk_full' });
  t.ok(text().length <= 1000 && text().endsWith('\n'), 'whole lines, up to the limit');
  t.ok(journal.read().heard.length >= 2);
  const other = join(t.testdir(), 'other');
  const place = cdrJournalFile(join(dirname(file), 'elsewhere'));
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(other, 'precious');
  symlinkSync(other, place);
  t.throws(() => createCdrJournal({ file: place }).append({ at: T0, cdr: aCdr(1) }));
  t.equal(readFileSync(other, 'utf8'), 'precious');
});

/** An intake on a real catalogue that another program can lock. */
async function intake(t: Test, more: { maxBytes?: number; maxWaiting?: number; onWrite?: () => void } = {}) {
  const { file, journal, text } = opened(t, more.maxBytes);
  const path = catalogueFile(dirname(dirname(file)));
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(path) });
  await catalogue.start();
  const other = new Database(path);
  t.teardown(async () => {
    other.close();
    await catalogue.stop();
  });
  const alarms = new Set<string>();
  const lost: [number, string][] = [];
  const clock = { ms: T0 };
  const made = createIntake(
    {
      journal,
      async write(cdrs, at, since) {
        more.onWrite?.();
        await catalogue.ledger.add(cdrs, 'AMI', at, 0, since);
      },
      lost: (from, why) => void lost.push([from, inWords(why)]),
      alarms: { raise: (key) => void alarms.add(key), clear: (key) => void alarms.delete(key) },
      clock: () => clock.ms,
      log,
    },
    more.maxWaiting,
  );
  return { made, catalogue, other, alarms, lost, clock, text, journal, file };
}
const stored = async ({ catalogue }: { catalogue: Awaited<ReturnType<typeof intake>>['catalogue'] }) =>
  (await catalogue.ledger.sources())[0]?.count ?? 0;

t.test('CDRs that are written together are from the time when the first of them was heard', async (t) => {
  const lab = await intake(t);
  lab.made.hear(aCdr(1));
  lab.clock.ms = T0 + 40_000;
  lab.made.hear(aCdr(2));
  await lab.made.flush();
  t.match(await lab.catalogue.ledger.sources(), [{ since: T0, lastAt: T0 + 40_000, count: 2 }]);
});

t.test('a CDR that is heard while others are being written is written next', async (t) => {
  const late = [aCdr(2)];
  const lab = await intake(t, {
    onWrite: () => {
      for (const cdr of late.splice(0)) lab.made.hear(cdr);
    },
  });
  lab.made.hear(aCdr(1));
  await lab.made.flush();
  t.equal(await stored(lab), 2);
});

t.test('a CDR is in the journal before anything else is done with it', async (t) => {
  const lab = await intake(t);
  lab.other.exec('BEGIN IMMEDIATE');
  lab.made.hear(aCdr(1));
  t.match(lab.text(), /PJSIP\/100-1/, 'at once');
  await t.rejects(lab.made.flush(), { code: 'catalogue_locked' });
  lab.made.hear(aCdr(2));
  await t.rejects(lab.made.flush(), { code: 'catalogue_locked' });
  t.equal(lab.text().split('\n').length, 3, 'and stays there');
  lab.other.exec('ROLLBACK');
  await lab.made.flush();
  t.equal(await stored(lab), 2);
  t.equal(lab.text(), '');
});

t.test('a journal that cannot be written is an alarm, and what is heard waits in memory', async (t) => {
  const lab = await intake(t, { maxBytes: 600 });
  lab.other.exec('BEGIN IMMEDIATE');
  for (const n of [1, 2, 3]) lab.made.hear(aCdr(n));
  t.ok(lab.alarms.has('cdr_journal'));
  await t.rejects(lab.made.flush());
  lab.other.exec('ROLLBACK');
  await lab.made.flush();
  t.equal(await stored(lab), 3);
  lab.made.hear(aCdr(4));
  t.notOk(lab.alarms.has('cdr_journal'), 'and it is over when it can be written');
});

t.test('what cannot be kept at all is told as a gap of the witness', async (t) => {
  const lab = await intake(t, { maxWaiting: 2 });
  lab.other.exec('BEGIN IMMEDIATE');
  for (const n of [1, 2]) lab.made.hear(aCdr(n));
  lab.clock.ms = T0 + 60_000;
  lab.made.hear(aCdr(3));
  t.same(lab.lost, []);
  lab.other.exec('ROLLBACK');
  await lab.made.flush();
  t.same(
    lab.lost.map(([from]) => from),
    [T0 + 60_000],
  );
});

t.test('a CDR that the catalogue refuses keeps no other from it', async (t) => {
  const lab = await intake(t);
  for (const n of [1, 2, 3]) lab.made.hear(aCdr(n, n === 2 ? { startAt: Number.NaN } : {}));
  await lab.made.flush();
  t.equal(await stored(lab), 2);
  t.equal(lab.text(), '', 'and is not tried for ever');
});

/** A watch on a real catalogue that another program can lock. */
async function watched(t: Test) {
  const path = catalogueFile(t.testdir());
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(path) });
  await catalogue.start();
  const other = new Database(path);
  t.teardown(async () => {
    other.close();
    await catalogue.stop();
  });
  const clock = { ms: T0 };
  return {
    catalogue,
    other,
    clock,
    watch: createWatch({ pbx: '', kept: catalogue.watch, clock: () => clock.ms, log }),
  };
}

t.test('a gap that begins and ends while the catalogue is locked is on record afterwards', async (t) => {
  const { catalogue, other, clock, watch } = await watched(t);
  await watch.start();
  await watch.up();
  other.exec('BEGIN IMMEDIATE');
  watch.down(T0 + 1000, noted('The PBX was away.'));
  clock.ms = T0 + 9000;
  await watch.up();
  t.same(await catalogue.watch.windows(), []);
  other.exec('ROLLBACK');
  clock.ms = T0 + 60_000;
  watch.beat();
  await until('the gap', async () => (await catalogue.watch.windows())[0]?.to);
  t.same(worded(await catalogue.watch.windows()), [
    { pbx: FIRST, from: T0 + 1000, to: T0 + 9000, reason: 'The PBX was away.' },
  ]);
  await watch.stop();
});

t.test('a PBX that was never reached was not watched from the start', async (t) => {
  const { catalogue, clock, watch } = await watched(t);
  await watch.start();
  watch.down(clock.ms, noted('Connection refused.'));
  clock.ms += 60_000;
  await watch.up();
  t.match(await catalogue.watch.windows(), [{ from: T0, to: T0 + 60_000 }]);
  await watch.stop();
});

t.test('standing still while the PBX is away does not end the gap', async (t) => {
  const { catalogue, clock, watch } = await watched(t);
  await watch.start();
  await watch.up();
  watch.down(T0, noted('The PBX was away.'));
  clock.ms = T0 + 60_000;
  await watch.missed(T0 + 30_000, because('stood_still'));
  await until('the gap', async () => (await catalogue.watch.windows()).length > 0);
  t.match(await catalogue.watch.windows(), [{ from: T0, to: null }]);
  await watch.up();
  await watch.missed(T0 + 60_500, because('stood_still'));
  t.match(worded(await catalogue.watch.windows()), [{ reason: 'Tapedeck was frozen.' }, { to: T0 + 60_000 }]);
  await watch.stop();
});
