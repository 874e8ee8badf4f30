import { parentPort, workerData } from 'node:worker_threads';
import { behindCalls } from '../ops/process/behind-calls.js';
import { atPromptRate, createPromptFinder } from './find-prompt.js';
import {
  frameAt,
  type PromptsFound,
  type SearchAnswer,
  type SearchAsked,
  type SearchOrder,
} from './prompt-search.js';

/*
 * The thread that looks for prompts in what is sealed: see `createPromptSearch`. A stretch has its memory from its first sound to
 * its last.
 */
behindCalls({ pid: 0, last: true });

const { rate, promptRate, stretches } = workerData as SearchOrder;
const finders = new Map<number, ReturnType<typeof createPromptFinder>>();
const found: PromptsFound[] = stretches.map(() => ({ left: [], right: [] }));

function finderOf(n: number) {
  const finder =
    finders.get(n) ?? createPromptFinder({ rate, prompt: atPromptRate(stretches[n]!.samples, promptRate) });
  finders.set(n, finder);
  return finder;
}

function finish(n: number): void {
  const began = (frameAt(stretches[n]!.fromMs, rate) * 1000) / rate;
  const { left, right } = finderOf(n).result();
  const moved = (places: typeof left) =>
    places.map((p) => ({
      ...p,
      fromMs: Math.round(began + p.fromMs),
      untilMs: Math.round(began + p.untilMs),
    }));
  found[n] = { left: moved(left), right: moved(right) };
  finders.delete(n);
}

const answer = (given: SearchAnswer) => parentPort!.postMessage(given);

parentPort!.on('message', (asked: SearchAsked) => {
  if (asked === null) {
    for (const n of [...finders.keys()]) finish(n);
    answer({ found });
    return;
  }
  const { n, bytes, last } = asked;
  finderOf(n).write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  if (last) finish(n);
  answer({ taken: bytes.length });
});
