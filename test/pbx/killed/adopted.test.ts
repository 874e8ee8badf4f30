import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { type CallId, parseSnoop } from '../../../daemon/domain/recording/recording.js';
import { createLab, emptySpool, startPbxOrSkip } from '../../support/pbx/pbx.js';
import { tone } from '../../support/pbx/sources.js';
import { lackOf } from '../../support/pbx/whole.js';
import { createRecorderLab, readIfThere, seconds, until } from '../../support/recorder.js';

/**
 * The recorder is killed while Asterisk records calls for it of which nothing is in the catalogue, since another program
 * keeps everybody from writing that. Without that, the time between the two is a few milliseconds.
 */

const KNOWN = '+15550801';
const UNKNOWN = '+15550802';
const FORBIDDEN = '+15550803';
/** Ends while nobody watches. */
const ENDED = '+15550804';
const NUMBERS = [KNOWN, UNKNOWN, FORBIDDEN, ENDED];

for (const version of [22, 16] as const)
  t.test(
    `Asterisk ${version} goes on recording what no row tells of, and a start takes it up, also what is over`,
    async (t) => {
      const pbx = await startPbxOrSkip(t, { version, name: `adopted-${version}` });
      if (!pbx) return;
      t.teardown(() => pbx.stop());
      emptySpool(pbx);
      const lab = createLab(pbx);
      t.teardown(() => lab.stop());
      const dir = t.testdir({});
      const recorder = createRecorderLab({ dir, pbx });
      t.teardown(() => recorder.stop());
      await recorder.startDaemon();
      const path = catalogueFile(recorder.dataDir);
      const catalogue = createSqliteCatalogue({ path });
      await catalogue.start();
      t.teardown(() => catalogue.stop());
      const log = () => readIfThere(join(dir, 'run.log')) ?? '';
      const find = async (number: string) =>
        (await catalogue.calls.list({ limit: 100 })).find((c) => c.them.number === number);

      const callee = await lab.phone('101', { answerAfterMs: null, source: () => tone(440) });
      const carrier = await lab.carrier();
      const ring = (number: string) => carrier.call('5558101', { caller: { number }, source: tone(700) });
      const ringing = () => callee.calls.filter((c) => c.state() === 'ringing');
      const known = await ring(KNOWN);
      const ended = await ring(ENDED);
      await until('the rows of the first two calls', async () => (await find(KNOWN)) && (await find(ENDED)));

      const other = new Database(path);
      t.teardown(() => other.close());
      other.exec('BEGIN IMMEDIATE');
      const calls = [known, await ring(UNKNOWN), await ring(FORBIDDEN)];
      await until('all to ring', () => ringing().length === NUMBERS.length);
      // From then on a write that is refused holds up nothing.
      await until('a write to be refused', () => /calls are followed in memory/.test(log()));
      for (const call of ringing()) call.answer();
      await Promise.all([...calls, ended].map((call) => call.answered));
      type Channel = { id: string; name: string };
      const snoops = async () =>
        (await pbx.ask<Channel[]>('/channels')).flatMap(({ id }) => parseSnoop(id)?.callId ?? []);
      const recording = async () => {
        const all = (await pbx.ask<Channel[]>('/channels')).filter(({ id }) => parseSnoop(id));
        const live = await Promise.all(all.map(({ id }) => pbx.ask(`/recordings/live/${id}`)));
        return live.filter((one) => one !== null).length;
      };
      await until('Asterisk to record all', async () => (await recording()) === 2 * NUMBERS.length);
      const killedAt = Date.now();
      await recorder.stopDaemon('SIGKILL');
      other.exec('ROLLBACK');
      const first = (await find(KNOWN))!.id;
      t.same(await catalogue.segments.of(first), [], 'nothing of its capture was written');
      t.notOk((await find(UNKNOWN)) ?? (await find(FORBIDDEN)), 'nor of the calls after it');

      const rule = { name: 'Not this one', reason: 'Because.', when: { number: [FORBIDDEN] } };
      const { version: now } = await catalogue.policy.newest();
      const policy = { ...defaultPolicy, record: [{ ...rule, outcome: 'skip' as const }] };
      await catalogue.policy.save(policy, 'test', Date.now(), now);
      await seconds(2);
      const endedAfter = Date.now();
      await ended.hangup();
      const endedBefore = Date.now();
      await until('its recording to end', async () => (await recording()) === 2 * calls.length);
      await recorder.startDaemon();
      const captures = async (id: CallId) => (await catalogue.segments.of(id)).map(({ state }) => state);
      const taken = async (number: string) => {
        const found = await find(number);
        return found && (await captures(found.id)).length > 0 && found;
      };
      const forbidden = await until('the third call to be taken up', () => taken(FORBIDDEN));
      const unknown = await until('the second call to be taken up', () => taken(UNKNOWN));
      await until('the first call to be taken up', () => taken(KNOWN));
      await until('what is forbidden to be gone', async () => (await snoops()).length === 4);
      const dropped = async () => (await captures(forbidden.id)).join() === 'dropped';
      await until('its capture to be dropped', dropped);
      const [gone] = await catalogue.segments.of(forbidden.id);
      await seconds(1);
      await Promise.all(calls.map((call) => call.hangup()));

      const settled = (number: string) =>
        until(`what becomes of ${number}`, async () => {
          const found = await find(number);
          return found?.endedAt != null && found.coverage.status !== 'pending' ? found : null;
        });
      for (const number of [KNOWN, UNKNOWN]) {
        const row = await settled(number);
        const [segment, ...more] = await catalogue.segments.of(row.id);
        const begun = segment!.inStartedAt! - row.answeredAt!;
        t.comment(
          `${number}: ${row.coverage.status} ${inWords(row.coverage.why)}, begun after ${begun} ms, ${row.recording?.durationMs} of ${row.endedAt! - row.answeredAt!} ms`,
        );
        t.match(row.recording, { state: 'sealed' }, number);
        t.same(more, [], `${number}: one capture from the first word to the last`);
        t.ok(segment!.inStartedAt! < killedAt, 'begun before the kill');
      }
      const over = await settled(ENDED);
      t.comment(
        `${ENDED}: ${over.recording?.durationMs} ms, ended ${over.endedAt! - endedAfter} ms after the hang-up`,
      );
      t.equal(lackOf(over.coverage), '');
      t.match(over, {
        outcome: 'answered',
        recording: { state: 'sealed' },
      });
      t.ok(
        over.answeredAt! < killedAt &&
          over.endedAt! > endedAfter - 1_000 &&
          over.endedAt! < endedBefore + 1_000,
        'its files tell when it was',
      );
      const talked = over.endedAt! - over.answeredAt!;
      t.ok(Math.abs(over.recording!.durationMs - talked) < 500, 'its sound is there from end to end');
      t.not((await find(UNKNOWN))!.id, (await catalogue.segments.of(unknown.id))[0]!.callId, 'by two names');
      t.match(await settled(FORBIDDEN), { coverage: { status: 'excluded', rule: 'Not this one' } });
      const left = () => readdirSync(pbx.recordingDir).filter((file) => file.includes(gone!.callId));
      t.same(left(), [], 'nothing of it is left');
      await until('an empty spool', () => readdirSync(pbx.recordingDir).length === 0);
      t.equal((await catalogue.calls.list({ limit: 100 })).length, NUMBERS.length);
      t.equal([...log().matchAll(/Took up a capture that had no row yet/g)].length, calls.length);
      t.equal([...log().matchAll(/Took up a capture that had no row and is over/g)].length, 1);
    },
  );
