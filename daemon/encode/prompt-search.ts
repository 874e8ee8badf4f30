import type { PromptPlace } from '../domain/telling/place-found.js';
import { startThread } from '../ops/process/thread.js';

/** A stretch in which a prompt is looked for, in ms from the beginning. `samples`: the prompt, 16-bit mono of `promptRate`. */
export type Stretch = { samples: Int16Array; fromMs: number; untilMs: number };
/** `rate`: of what is searched; `promptRate`: of the prompts. In Hz, both multiples of 8,000. */
export type SearchOrder = { rate: number; promptRate: number; stretches: Stretch[] };
/** Sound of a stretch, and whether that was the last of it; null: there is no more of any. */
export type SearchAsked = { n: number; bytes: Uint8Array; last: boolean } | null;
export type SearchAnswer = { taken: number } | { found: PromptsFound[] };
export type PromptsFound = { left: PromptPlace[]; right: PromptPlace[] };

/** So many bytes may wait for the thread. */
const MOST_WAITING = 4 << 20;
/** Of a frame in stereo. */
const FRAME_BYTES = 4;

export type PromptSearch = ReturnType<typeof createPromptSearch>;

/**
 * Looks for prompts in stretches of a recording while it is decoded, in a thread of its own: a step of it takes up to some tenths of
 * a second, and calls do not wait for that. Only the stretches are searched. `begin` is for tests.
 */
export function createPromptSearch(order: SearchOrder, begin = startThread) {
  const places = order.stretches.map(({ fromMs, untilMs }) => ({
    from: frameAt(fromMs, order.rate) * FRAME_BYTES,
    until: frameAt(untilMs, order.rate) * FRAME_BYTES,
  }));
  const source = new URL('./prompt-search-program.ts', import.meta.url);
  const thread = begin('dist/daemon/prompts.js', source, order);
  let at = 0;
  let waiting = 0;
  let room: () => void = () => {};
  let over: Error | null = null;
  const found = new Promise<PromptsFound[]>((resolve, reject) => {
    const ended = (why: Error) => {
      over ??= why;
      room();
      reject(over);
    };
    thread.on('message', (answer: SearchAnswer) => {
      if ('found' in answer) resolve(answer.found);
      else waiting -= answer.taken;
      if (waiting <= MOST_WAITING) room();
    });
    thread.once('error', ended);
    thread.once('exit', () => ended(new Error('The search for prompts has ended.')));
  });
  found.catch(() => {});

  return {
    /** 16-bit little-endian interleaved stereo, cut at any byte. Resolves when there is room for more; never rejects. */
    async write(chunk: Buffer): Promise<void> {
      const until = at + chunk.length;
      for (const [n, place] of places.entries()) {
        const [from, to] = [Math.max(at, place.from), Math.min(until, place.until)];
        if (over || to <= from) continue;
        // A copy, because the decoder may use its buffer again.
        const bytes = Uint8Array.from(chunk.subarray(from - at, to - at));
        waiting += bytes.length;
        const asked: SearchAsked = { n, bytes, last: to === place.until };
        thread.postMessage(asked, [bytes.buffer]);
      }
      at = until;
      if (waiting > MOST_WAITING && !over)
        await new Promise<void>((resolve) => {
          room = resolve;
        });
    },
    /** Ends it: where each prompt was found in its stretch, in ms from the beginning. Rejects where the thread has failed. */
    result(): Promise<PromptsFound[]> {
      if (!over) thread.postMessage(null satisfies SearchAsked);
      return found;
    },
    /** Nobody wants to know any more. */
    async stop(): Promise<void> {
      await thread.terminate();
    },
  };
}

/** The frame at a place in a recording. */
export const frameAt = (ms: number, rate: number): number => Math.floor((Math.max(0, ms) * rate) / 1000);
