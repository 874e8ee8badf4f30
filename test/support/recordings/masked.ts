import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Stretch } from '../../../daemon/domain/people/person.js';
import type { Recording } from '../../../daemon/domain/recording/recording.js';
import { createMasks } from '../../../daemon/vault/sound/masked.js';
import { aRecording } from './a-call.js';

/** Bytes as a sealed file gives them. */
export const sourceOf = (bytes: Buffer) => ({
  size: bytes.length,
  read(start: number, end: number): Readable {
    const parts: Buffer[] = [];
    for (let at = start; at <= end; at += 65_536)
      parts.push(bytes.subarray(at, Math.min(end + 1, at + 65_536)));
    return Readable.from(parts, { objectMode: false });
  },
});

export const gathered = async (stream: Readable) => Buffer.concat((await stream.toArray()) as Buffer[]);

export const recordingOf = (bytes: Buffer, durationMs: number): Recording =>
  aRecording('R', 'A', {
    plainSha256: createHash('sha256').update(bytes).digest('hex'),
    plainBytes: bytes.length,
    durationMs,
  });

async function mask(bytes: Buffer, durationMs: number, stretches: Stretch[]) {
  return createMasks().mask(sourceOf(bytes), recordingOf(bytes, durationMs), stretches);
}

/** A recording as somebody hears it who may hear these stretches of it, in ms. */
export async function maskedOf(bytes: Buffer, durationMs: number, ...stretches: [number, number | null][]) {
  const source = await mask(
    bytes,
    durationMs,
    stretches.map(([fromMs, untilMs]) => ({ fromMs, untilMs })),
  );
  return gathered(source.read(0, source.size - 1));
}
