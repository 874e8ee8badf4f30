import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { appendFile, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { spoolName } from '../../../daemon/domain/recording/recording.js';
import { haveCall, openHouse } from '../../support/power/house.js';
import { until } from '../../support/recorder.js';
import { wavHead } from '../../support/recordings/wav.js';

const id = '01ARZ3NDEKTSV4RRFFQ69G5FA2';
/** How much may be captured between the last look at a call and its end, in s (daemon/recordings/preserve/ahead.ts). */
const SINCE = 15;

/**
 * A call of so many seconds that is already captured and goes on, on the real catalogue, keys, ffmpeg and disk: nobody waits two hours
 * for a measurement. Once it is encoded as far as a call in progress is just before it is looked at again, it ends. Returns how long its recording takes
 * from there, in ms, and how much of it was encoded before, in s of sound.
 */
export async function longCall(
  seconds: number,
  voices: { in: Int16Array; out: Int16Array },
): Promise<{ ready: number; ahead: number }> {
  const dir = await mkdtemp(join(tmpdir(), 'tapedeck-long-call-'));
  const spool = join(dir, 'spool');
  mkdirSync(spool);
  const paths = (['in', 'out'] as const).map((side) => ({
    voice: voices[side],
    path: join(spool, `${spoolName({ callId: id, seq: 0, token: '' }, side)}.wav`),
  }));
  for (const { path, voice } of paths) await written(path, voice, seconds - SINCE);
  const house = await openHouse(dir, { paces: { everyMs: 20 }, complexity: 3 });
  try {
    await haveCall(house, id, '101', 'capturing', seconds * 1_000);
    house.captures.push({ pbx: '', callId: id });
    house.preserver.start();
    const done = () => (house.preserver.ahead()[0]?.ms ?? 0) / 1_000;
    await until('all but the last seconds', () => done() >= seconds - SINCE - 9, seconds * 1_000);
    const ahead = done();
    house.captures.pop();
    for (const { path, voice } of paths) {
      await appendFile(path, Buffer.from(voice.buffer, voice.byteOffset, SINCE * 16_000));
      await closed(path, seconds);
    }
    await haveCall(house, id, '101', 'captured', seconds * 1_000);
    const began = performance.now();
    house.preserver.enqueue('', id);
    while (house.preserver.waiting() > 0) await wait(2);
    const ready = performance.now() - began;
    const made = (await house.catalogue.calls.get(id))?.recording;
    if (Math.abs((made?.durationMs ?? 0) - seconds * 1_000) > 100)
      throw new Error('the recording is not whole');
    return { ready, ahead };
  } finally {
    await house.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** As Asterisk leaves a file that it still writes: with no length in its header. */
async function written(path: string, voice: Int16Array, seconds: number): Promise<void> {
  const file = createWriteStream(path);
  file.write(wavHead({ bytes: 0 }));
  const piece = Buffer.from(voice.buffer, voice.byteOffset, voice.byteLength);
  for (let left = seconds * 16_000; left > 0; left -= piece.length)
    if (!file.write(piece.subarray(0, Math.min(left, piece.length)))) await once(file, 'drain');
  file.end();
  await once(file, 'finish');
}

async function closed(path: string, seconds: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(wavHead({ bytes: seconds * 16_000 }), 0, 44, 0);
  await file.close();
}
