import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createEncoder } from '../../../daemon/encode/encoder.js';
import { createFfmpeg } from '../../../daemon/encode/ffmpeg.js';
import { until } from '../../support/recorder.js';
import { preserveLab, toneWav as wav } from '../../support/recordings/preserve-lab.js';

/** Recordings for which the disk refuses the very first step: nothing of what is encoded is taken. */
const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

t.test('an encoding whose bytes nobody takes is over, and says what refused', async (t) => {
  const encoder = createEncoder({ ffmpeg: createFfmpeg() });
  const refuse = () => Promise.reject(new Error('the disk is read-only'));
  const live = encoder.begin(
    { tags: { title: '', date: '', callId: id }, bitrate: 24_000, complexity: 3, rate: 8_000 },
    refuse,
  );
  await t.rejects(live.end(), { message: 'the disk is read-only' });
  await live.stop();
});

t.test('a call for which there is no place waits for one, and others do not wait for it', async (t) => {
  const lab = await preserveLab(t, { retries: [50, 50], again: 60_000 });
  const place = join(lab.dir, 'recordings');
  writeFileSync(place, 'in the way');
  await lab.add(id, [{ in: wav(3), out: wav(3) }]);
  lab.preserver.enqueue('', id);
  await until('the alarm', () => lab.standing.size > 0);
  await lab.settled(); // nothing hangs
  t.match((await lab.catalogue.calls.get(id))!.coverage.status, 'not_recorded');
  rmSync(place);
  await lab.preserver.resume();
  t.equal((await lab.run(id)).recording?.durationMs, 3_000);
});

t.test('a call for which there was no place while it went on is sealed when it has ended', async (t) => {
  const lab = await preserveLab(t, { retries: [50, 50] });
  const place = join(lab.dir, 'recordings');
  writeFileSync(place, 'in the way');
  await lab.add(id, [{ in: wav(4, 0), out: wav(4, 0), state: 'capturing' }], { endedAt: null });
  lab.captures.push({ pbx: '', callId: id });
  lab.preserver.start();
  const begun = async () => (await lab.catalogue.recordings.begun(id)).length;
  await until('it to be encoded', async () => (await begun()) > 0);
  // It fails without a word until there is more to encode.
  await until('the disk to refuse it', () => lab.unsealed.length > 0);
  rmSync(place);
  t.equal((await lab.hangUp(id, 4)).recording?.durationMs, 4_000);
});
