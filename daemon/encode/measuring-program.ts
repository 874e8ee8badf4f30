import { parentPort } from 'node:worker_threads';
import { fail, TapedeckError } from '../domain/error.js';
import { behindCalls } from '../ops/process/behind-calls.js';
import { decoded, type Rate } from './decoded.js';
import { type MeasuringAnswer, type MeasuringAsked, TOLERANCE } from './measuring.js';
import { createPeaks } from './peaks.js';
import { createQualityMeter } from './quality.js';

/*
 * The thread that decodes recordings and measures them: see `createMeasuring`. What is beyond the length that a recording may have
 * is not measured.
 */
type Recording = { take: (ogg: Uint8Array, plannedMs: number) => void; end: () => void; leave: () => void };

const open = new Map<number, Recording>();
const answer = (given: MeasuringAnswer, moved: ArrayBuffer[] = []) => parentPort!.postMessage(given, moved);

/** Bytes of a sample of both sides. */
const FRAME_BYTES = 4;
/** A last piece that lies across the end is told by its length, in bytes. */
const BLOCK = 64 << 10;

/** Thrown inside a recording that nobody wants to know of any more. */
const LEFT = new Error('It was left.');

function begin(id: number, { rate, tell }: { rate: Rate; tell: boolean }): Recording {
  const waiting: Uint8Array[] = [];
  let planned = 0;
  let state: 'open' | 'whole' | 'left' = 'open';
  let woken: () => void = () => {};
  let excess = false;

  async function* ogg(): AsyncGenerator<Buffer> {
    for (;;) {
      const next = waiting.shift();
      if (state === 'left') throw LEFT;
      if (next) {
        yield Buffer.from(next.buffer, next.byteOffset, next.length);
        answer({ id, taken: next.length });
      } else if (state === 'whole') return;
      else
        await new Promise<void>((resolve) => {
          woken = resolve;
        });
    }
  }

  async function measure(): Promise<void> {
    const peaks = createPeaks({ rate });
    const quality = createQualityMeter(rate);
    let bytes = 0;
    for await (const chunk of decoded(ogg(), rate)) {
      bytes += chunk.length;
      excess = bytes > ((planned + TOLERANCE) * rate * FRAME_BYTES) / 1000 + BLOCK;
      if (excess) throw fail('encode_short', `More than ${Math.round(planned)} ms were decoded.`);
      peaks.write(chunk);
      quality.write(chunk);
      if (!tell) continue;
      const sound = new Uint8Array(chunk);
      answer({ id, sound }, [sound.buffer]);
    }
    answer({ id, measured: { peaks: peaks.result(), heard: quality.result() } });
  }

  void measure()
    .catch((e: unknown) => {
      if (e === LEFT) return;
      const { code, detail } = e instanceof TapedeckError ? e : fail('internal', (e as Error).message);
      answer({ id, fault: { code, detail, excess } });
    })
    .finally(() => open.delete(id));

  return {
    take(more, plannedMs) {
      waiting.push(more);
      planned = plannedMs;
      woken();
    },
    end() {
      state = 'whole';
      woken();
    },
    leave() {
      state = 'left';
      woken();
    },
  };
}

behindCalls({ pid: 0, last: true });

parentPort!.on('message', (asked: MeasuringAsked) => {
  const { id } = asked;
  if ('begin' in asked) open.set(id, begin(id, asked.begin));
  else if ('ogg' in asked) open.get(id)?.take(asked.ogg, asked.plannedMs);
  else if (asked.end === 'whole') open.get(id)?.end();
  else open.get(id)?.leave();
});
