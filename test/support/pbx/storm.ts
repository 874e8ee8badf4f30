import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { seconds } from '../recorder.js';
import { readTrace, traces } from './traces.js';

/** Events of recorded calls, each replayed under ids of its own. */
export function storm() {
  const texts = traces()
    .filter((trace) => trace.version === 22)
    .map(({ name }) => readTrace(name).filter((h) => h.from === 'ari'))
    .map((heard) => heard.map(({ raw }) => JSON.stringify(raw)));
  let replay = 0;
  let events: string[] = [];
  return (): string => {
    if (events.length === 0) {
      const n = replay++;
      const now = new Date().toISOString();
      events = texts[n % texts.length]!.map((text) =>
        text
          .replace(/"(\d{10}\.\d+)"/g, `"$1-${n}"`)
          .replace(
            /"[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"/g,
            (_, rest) => `"${n.toString(16).padStart(8, '0')}${rest}"`,
          )
          .replace(/"timestamp":"[^"]*"/g, `"timestamp":"${now}"`),
      );
    }
    return events.shift()!;
  };
}

/** How long a small write to this folder's disk takes to be durable, asked for all the time: 99 of 100 take less, ms. */
export function diskWaits(dir: string) {
  const took: number[] = [];
  let over = false;
  const work = (async () => {
    const file = await open(join(dir, 'synced'), 'w');
    while (!over) {
      const began = performance.now();
      await file.write('x');
      await file.datasync();
      took.push(performance.now() - began);
      await seconds(0.02);
    }
    await file.close();
  })();
  return {
    p99: async (): Promise<number> => {
      over = true;
      await work;
      return took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0;
    },
  };
}

/** `rate` texts a second for so long, evenly. Gives how many were sent. */
export async function flood(
  send: (text: string) => boolean,
  next: () => string,
  rate: number,
  lasting: number,
) {
  const began = performance.now();
  let sent = 0;
  let far = 0;
  for (;;) {
    const passed = (performance.now() - began) / 1000;
    // All of them, also where this process was kept from sending at the end.
    for (const due = Math.min(passed, lasting) * rate; sent < due; sent++) if (!send(next())) far++;
    if (passed > lasting) return { sent, far };
    await seconds(0.005);
  }
}
