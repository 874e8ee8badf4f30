import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findCopies } from '../../../daemon/app/upgrade/copy.js';
import { NEWEST_VERSION, versionOf } from '../../../daemon/catalogue/sqlite/upgrade/older.js';
import { catalogueFile, upgradeJournalFile } from '../../../daemon/domain/paths.js';
import { parseSnoop } from '../../../daemon/domain/recording/recording.js';
import { turnBack, WITH_TOKENS } from '../../support/catalogue/old-catalogue.js';
import { createLab, startPbx } from '../../support/pbx/pbx.js';
import { sequence, silence, wavSource } from '../../support/pbx/sources.js';
import { createApiClient, createRecorderLab, seconds, until } from '../../support/recorder.js';

const CALLS = 150_000;

/** An upgrade on a real Asterisk: a catalogue of an earlier version with 150,000 calls, calls in progress, and a kill in the middle. */
t.test('calls go on being recorded while the catalogue is upgraded', async (t) => {
  const pbx = await startPbx({ name: 'upgrade' });
  t.teardown(() => pbx.stop());
  const dir = t.testdir({});
  const recorder = createRecorderLab({ dir, pbx });
  t.teardown(() => recorder.stop());
  const lab = createLab(pbx);
  t.teardown(() => lab.stop());
  const log = () => readFileSync(join(dir, 'run.log'), 'utf8');
  /** Asterisk writes both sides of each captured call. */
  const captured = async (calls: number): Promise<boolean> => {
    const channels = (await pbx.ask<{ id: string }[]>('/channels')) ?? [];
    const snoops = channels.filter(({ id }) => parseSnoop(id));
    const live = await Promise.all(snoops.map(({ id }) => pbx.ask(`/recordings/live/${id}`)));
    return live.filter((one) => one !== null).length >= 2 * calls;
  };

  await recorder.startDaemon();
  const web = await recorder.startWeb();
  const api = createApiClient(web.address);
  await api.setUp(web.setupCode!, 'ada', 'four unrelated quiet words');
  for (const extension of ['100', '101', '102'] as const)
    await lab.phone(extension, {
      source: () => sequence([wavSource(lab.prompt('demo-instruct')), silence()]),
    });
  const carrier = await lab.carrier();
  const begin = async (did: string, number: string) => {
    const source = sequence([wavSource(lab.prompt('demo-instruct')), silence()]);
    const call = await carrier.call(did, { caller: { number, name: '' }, source });
    t.equal(await call.answered, true, `${number} is answered`);
    return call;
  };
  const before = await begin('5551000', '+442079460001');
  await until('the first call is captured', () => /capture_started/.test(log()));

  await recorder.stopDaemon();
  await recorder.stopWeb();
  turnBack(catalogueFile(recorder.dataDir), CALLS);
  const unwatched = await begin('5551000', '+442079460002');

  // From then on calls are watched, and the upgrade goes on for seconds.
  await recorder.startDaemon(/still being upgraded[\s\S]*"part":"watch"[^\n]*Monitoring gap closed/);
  const during = await begin('5551000', '+442079460003');
  await until('both that began since are captured, too', () => captured(3));
  t.notMatch(log(), /has been upgraded/, 'before the catalogue is upgraded');
  await recorder.stopDaemon('SIGKILL');
  await recorder.startDaemon(/still being upgraded|has been upgraded|recorder is ready/);
  t.equal(await captured(3), true, 'what is captured goes on');
  await seconds(3);
  await during.hangup();
  await until(
    'the upgrade is finished',
    () =>
      versionOf(catalogueFile(recorder.dataDir)) === NEWEST_VERSION &&
      !existsSync(upgradeJournalFile(recorder.dataDir)),
    180_000,
  );
  await seconds(1);
  for (const call of [before, unwatched]) await call.hangup();

  const again = await recorder.startWeb();
  api.moveTo(again.address);
  await api.signIn('ada', 'four unrelated quiet words');
  const calls = await until('all are recorded', async () => {
    const found = (await api.calls()).filter(({ them }) => them.number.startsWith('+44207946'));
    return found.length === 3 && found.every(({ coverage }) => coverage.status !== 'pending') ? found : null;
  });
  const of = (number: string) => calls.find(({ them }) => them.number.endsWith(number))!;
  for (const { them, coverage, recording, talk_ms } of calls)
    t.comment(
      `${them.number}: ${coverage.status}, ${coverage.reason}, ${recording?.duration_ms} of ${talk_ms} ms`,
    );
  // On a busy machine Asterisk may lack moments of audio, which is told; what was not watched would be another reason.
  const whole = (number: string, what: string) => {
    const { recording, talk_ms, coverage } = of(number);
    t.ok(Math.abs(recording!.duration_ms - talk_ms!) < 2_500, `${what}: from its answer to its end`);
    t.notMatch(coverage.reason, /not running|not watched/i, what);
  };
  whole('0001', 'the capture that ran');
  whole('0003', 'the call that began during the upgrade');
  t.match(of('0002'), { coverage: { status: 'partial', reason: /not running/i } }, 'the gap is told');
  const older = await api.json<{ calls: unknown[] }>('GET', '/calls?limit=200&q=caller');
  t.ok(older.calls.length > 0, 'and the calls of before are there');

  const [copy] = findCopies(recorder.dataDir);
  t.match(copy?.about, { catalogue: { version: WITH_TOKENS, calls: CALLS + 1 }, upgradedTo: Number });
  const status = await recorder.command(['upgrade', 'status']);
  t.match(status.out, /The catalogue is of this version/);
  t.match(status.out, new RegExp(String(CALLS + 1)));
});
