import { type CallRecord, spoolName } from '../../domain/recording/recording.js';
import { tagsOf } from '../../domain/recording/tags.js';
import type { Captured } from '../../encode/captured.js';
import type { OpusJob, OpusSegment } from '../../encode/opus.js';
import type { Masking } from './masks.js';

/** Returns what the recording of a call is made of, as far as that is known. */
export const jobOf = (
  call: CallRecord,
  captured: readonly Captured[],
  { masks }: Pick<Masking, 'masks'>,
  { bitrate, complexity }: Pick<OpusJob, 'bitrate' | 'complexity'>,
): OpusJob => ({
  segments: captured.map((c) => c.part),
  silences: masks.map(({ side, atMs, untilMs }) => ({ side, fromMs: atMs, untilMs })),
  tags: tagsOf(call),
  bitrate,
  complexity,
});

/** The same with names of captured files instead of paths: a path changes each time its file is opened. */
export const byName = (job: OpusJob, captured: readonly Captured[]): OpusJob => ({
  ...job,
  segments: captured.map(({ part, segment }): OpusSegment => {
    const [them, us] = segment.swapped ? (['out', 'in'] as const) : (['in', 'out'] as const);
    return {
      ...part,
      inFile: part.inFile && spoolName(segment, them),
      outFile: part.outFile && spoolName(segment, us),
    };
  }),
});
