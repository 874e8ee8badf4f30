import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createLab, emptySpool, type Pbx, startPbx } from '../../support/pbx/pbx.js';
import { createRecorderLab } from '../../support/recorder.js';
import { BURST, callTogether, helper, made, percentile, TOGETHER, waitsOf } from '../flood-run.js';
import type { TapReport } from '../flood-tap.js';
import type { BareOrder } from './bare-client.js';

/**
 * npm run bench:burst: 30 calls answered at once, recorded by Tapedeck and by a bare ARI client by turns, on an otherwise idle machine and
 * with one core busy: how long after the answer the PBX begins to record both sides. Takes about eight minutes. Exits with 1 where
 * Tapedeck's median is more than `BOUND` times the bare client's.
 */
const BOUND = 1.3;
const ROUNDS = 2;
/** Bursts of a run that count; one goes before them. */
const BURSTS = 3;
const MADE_MS = 60_000;
const BETWEEN_MS = 4_000;

/** Records what comes through the proxy at `url` until it is stopped; `done` resolves when a burst has been finished. */
type Recorder = { done(): Promise<void>; stop(): Promise<void> };
type Way = (pbx: Pbx, url: string) => Promise<Recorder>;

const WAYS: Record<string, Way> = {
  async 'bare client'({ ari }, url) {
    const { user: username, password } = ari;
    const order: BareOrder = { url, username, password, callers: TOGETHER };
    const { child } = helper('./capacity/bare-client.ts', JSON.stringify(order));
    await once(child, 'message');
    return { done: () => wait(BETWEEN_MS), stop: async () => void child.kill() };
  },
  async Tapedeck(pbx, url) {
    const dir = mkdtempSync(join(tmpdir(), 'tapedeck-burst-'));
    const recorder = createRecorderLab({ dir, pbx: { ...pbx, ari: { ...pbx.ari, url } } });
    await recorder.startDaemon(/Connected to ARI/);
    return {
      done: () => made(recorder, MADE_MS),
      async stop() {
        await recorder.stop();
        rmSync(dir, { recursive: true, force: true });
      },
    };
  },
};
type Times = { asked: number[]; begun: number[]; never: number };

async function run(pbx: Pbx, way: Way): Promise<Times> {
  emptySpool(pbx);
  const url = new URL(pbx.ari.url);
  const tap = helper<TapReport>('./flood-tap.ts', url.port);
  [url.port] = (await once(tap.child, 'message')).map(String) as [string];
  const lab = createLab(pbx);
  const recorder = await way(pbx, url.href);
  try {
    const together = await lab.phone('101', { answerAfterMs: null });
    const carrier = await lab.carrier();
    for (let n = 0; n <= BURSTS; n += 1) {
      await callTogether(carrier, together, n * BURST);
      await recorder.done();
    }
    const { channels } = await tap.told();
    const counts = channels.filter(
      ({ caller }) => caller.startsWith(TOGETHER) && Number(caller.slice(TOGETHER.length)) >= BURST,
    );
    const { waits: asked, begun } = waitsOf(counts);
    return { asked, begun, never: BURST * BURSTS - begun.length };
  } finally {
    await recorder.stop();
    await lab.stop();
    tap.child.kill();
  }
}

const row = (cells: readonly string[]) =>
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(15) : cell.padStart(13))).join(''));
const sorted = (of: number[]) => of.toSorted((a, b) => a - b);
const pbx = await startPbx({ name: 'burst' });
let over = false;
try {
  for (const busy of [false, true]) {
    const other = busy ? spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }) : null;
    try {
      const found = new Map(
        Object.keys(WAYS).map((name) => [name, { asked: [], begun: [], never: 0 } as Times]),
      );
      for (let round = 0; round < ROUNDS; round += 1)
        for (const [name, way] of round % 2 === 0
          ? Object.entries(WAYS)
          : Object.entries(WAYS).toReversed()) {
          const times = await run(pbx, way);
          const all = found.get(name)!;
          all.asked.push(...times.asked);
          all.begun.push(...times.begun);
          all.never += times.never;
        }
      console.log(
        `\n${busy ? 'one core busy' : 'otherwise idle'}, ${ROUNDS * BURSTS} times ${BURST} calls, ms`,
      );
      row(['', 'snoops asked', 'recorded', '95 % within', 'all within', 'never']);
      for (const [name, { asked, begun, never }] of found) {
        const [of, when] = [sorted(asked), sorted(begun)];
        const cells = [
          percentile(of, 0.5),
          percentile(when, 0.5),
          percentile(when, 0.95),
          percentile(when, 1),
        ];
        row([name, ...cells.map((ms) => ms.toFixed(0)), String(never)]);
      }
      const median = (name: string) => percentile(sorted(found.get(name)!.begun), 0.5);
      const ratio = median('Tapedeck') / median('bare client');
      const verdict = ratio <= BOUND ? 'holds' : 'does not hold';
      console.log(`Tapedeck takes ${ratio.toFixed(2)} times as long, at most ${BOUND}: ${verdict}`);
      if (ratio > BOUND || found.get('Tapedeck')!.never > 0) over = true;
    } finally {
      other?.kill('SIGKILL');
    }
  }
} finally {
  await pbx.stop();
}
process.exit(over ? 1 : 0);
