import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { catalogueFile, keysFile } from '../../daemon/domain/paths.js';
import type { createLab, Pbx } from '../support/pbx/pbx.js';
import { createApiClient, type RecorderLab, until } from '../support/recorder.js';
import type { MadeOriginal } from '../support/recordings/originals.js';
import { FAINTEST, tones } from '../support/recordings/tones.js';
import { helper, percentile, waitsOf } from './flood-run.js';
import type { TapReport } from './flood-tap.js';
import { inspect } from './inspector.js';

/** What a bench of imports looks at: the recorder from outside, live calls beside it, and what came of the files. */

const LOOK_EVERY_MS = 5_000;
/** A collection of garbage takes time from the import. */
const COLLECT_EVERY = 6;

/** Looks at the recorder's memory, the catalogue's journal and the job until it is told to end. */
export function watchImport(recorder: RecorderLab) {
  const pid = recorder.pid('run')!;
  const looks: { at: number; done: number; rss: number; journal: number; heap: number | null }[] = [];
  const stop = new AbortController();
  const began = performance.now();

  async function look(daemon: Awaited<ReturnType<typeof inspect>>, n: number): Promise<void> {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const heap = n % COLLECT_EVERY === 0 ? (await daemon.inUse()).heap * 2 ** 20 : null;
    looks.push({
      ...{ at: performance.now() - began, done: doneOf(recorder.dataDir), heap },
      rss: Number(/VmRSS:\s*(\d+)/.exec(status)![1]) * 1024,
      journal: sizesOf(recorder.dataDir).journalBytes,
    });
  }

  const looking = (async () => {
    const daemon = await inspect(pid);
    for (let n = 0; !stop.signal.aborted; n++) {
      await look(daemon, n);
      await wait(LOOK_EVERY_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
    await look(daemon, 0);
    daemon.stop();
  })();
  looking.catch(() => {});
  const extent = (all: readonly number[]) => ({
    ...{ first: all[0] ?? Number.NaN, last: all.at(-1) ?? Number.NaN, max: Math.max(...all) },
  });

  return {
    async end() {
      stop.abort();
      await looking;
      return {
        memory: () => ({
          rss: extent(looks.map(({ rss }) => rss)),
          heap: extent(looks.flatMap(({ heap }) => heap ?? [])),
          journalBytes: Math.max(...looks.map(({ journal }) => journal)),
        }),
        /** How long a file took in each of so many parts of the import. */
        parts(n: number) {
          const total = looks.at(-1)?.done ?? 0;
          const marks = Array.from({ length: n + 1 }, (_, i) => {
            const wanted = (total * i) / n;
            return looks.findLast(({ done }) => done <= wanted) ?? looks[0]!;
          });
          return marks.slice(1).flatMap((mark, i) => {
            const [from, until] = [marks[i]!, mark];
            const files = until.done - from.done;
            return files > 0
              ? [{ from: from.done, until: until.done, msAFile: (until.at - from.at) / files }]
              : [];
          });
        },
      };
    },
  };
}

function open<T>(dataDir: string, ask: (db: Database.Database) => T): T {
  const db = new Database(catalogueFile(dataDir), { readonly: true });
  try {
    return ask(db);
  } finally {
    db.close();
  }
}

type JobSeen = { id: string; state: string; done: number };

/** Imports until it is done or so many ms are over; then it is cancelled, and what was begun is removed. */
export async function importFor(recorder: RecorderLab, args: string[], mostMs: number) {
  const began = performance.now();
  const asked = await recorder.command([...args, '--json']);
  if (asked.code !== 0) throw new Error(asked.out + asked.err);
  const { id } = (JSON.parse(asked.out) as { job: { id: string } }).job;
  const seen = () =>
    open(recorder.dataDir, (db) =>
      db.prepare('SELECT id, state, done FROM jobs WHERE id = ?').get(id),
    ) as JobSeen;
  for (;;) {
    const job = seen();
    const ms = performance.now() - began;
    if (job.state !== 'running' && job.state !== 'waiting') return { job, ms };
    if (ms > mostMs) {
      await recorder.command(['jobs', 'cancel', id]);
      const begun = () =>
        open(recorder.dataDir, (db) =>
          db.prepare('SELECT count(*) FROM imports WHERE sealed = 0').pluck().get(),
        );
      await until('what was begun to go', () => begun() === 0, 60_000);
      return { job: seen(), ms };
    }
    await wait(1_000);
  }
}

/** What became of each file, by its path. */
export async function outcomesOf(recorder: RecorderLab, job: string): Promise<Map<string, string>> {
  const { out } = await recorder.command(['import', 'report', job, '--json']);
  const rows = out.trim().split('\n').filter(Boolean);
  return new Map(
    rows.map((line) => {
      const { file, outcome } = JSON.parse(line) as { file: string; outcome: string };
      return [file, outcome];
    }),
  );
}

const doneOf = (dataDir: string): number =>
  open(dataDir, (db) =>
    Number(
      db
        .prepare("SELECT done FROM jobs WHERE kind = 'import' ORDER BY asked_at DESC LIMIT 1")
        .pluck()
        .get() ?? 0,
    ),
  );

/** An imported recording, as the catalogue has it. */
export type Brought = {
  call: string;
  startedAt: number;
  recorder: string;
  file: string;
  sha256: string;
  bytes: number;
};

/** Returns the imported recordings by the paths of their originals. */
export function readBrought(dataDir: string): Map<string, Brought[]> {
  const rows = open(dataDir, (db) =>
    db
      .prepare(
        `SELECT c.id AS call, c.started_at AS startedAt, c.imported ->> '$.recorder' AS recorder, c.imported ->> '$.file' AS file,
           c.imported ->> '$.sha256' AS sha256, c.imported ->> '$.bytes' AS bytes
         FROM calls c JOIN recordings r ON r.call_id = c.id AND r.state = 'sealed' WHERE c.coverage_status = 'imported'`,
      )
      .all(),
  ) as Brought[];
  return grouped(rows);
}

function grouped(rows: readonly Brought[]): Map<string, Brought[]> {
  const by = new Map<string, Brought[]>();
  for (const row of rows) by.set(row.file, [...(by.get(row.file) ?? []), row]);
  return by;
}

export const sizesOf = (dataDir: string) => {
  const size = (file: string) => (existsSync(file) ? statSync(file).size : 0);
  return {
    catalogueBytes: size(catalogueFile(dataDir)),
    journalBytes: size(`${catalogueFile(dataDir)}-wal`),
    keysBytes: size(keysFile(dataDir)),
  };
};

/**
 * Opens one recording in so many as a player does, through the dashboard, and listens to it: it has the tones that the original was made
 * of, on the sides where they belong.
 */
export async function hearSome(
  recorder: RecorderLab,
  found: readonly (readonly [MadeOriginal, Brought])[],
  oneIn: number,
) {
  const { address, setupCode } = await recorder.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, 'bench', 'four unrelated quiet words');
  const wrong: string[] = [];
  const seen = { heard: 0, wrong };
  for (const [one, { call }] of found.filter((_, n) => n % oneIn === 0)) {
    const answer = await until(
      'the dashboard to take a request',
      async () => {
        const given = await api.ask('GET', `/calls/${call}/audio`);
        return given.status === 429 ? null : given;
      },
      120_000,
    );
    const ogg = Buffer.from(await answer.arrayBuffer());
    seen.heard += 1;
    const said = answer.ok ? problemOf(one.form, ogg) : `status ${answer.status}`;
    if (said !== '') wrong.push(`${one.path}: ${said}`);
  }
  await recorder.stopWeb();
  return seen;
}

function problemOf(form: string, ogg: Buffer): string {
  const { left, right, seconds } = tones(ogg);
  if (Math.abs(seconds - 3) > 0.2) return `${seconds} s`;
  if (form === 'g729') return ''; // noise
  const sides = [...left, ...right].map((share) => share.toFixed(2)).join(' ');
  const fits =
    form === 'stereo'
      ? Math.min(Math.max(...left), Math.max(...right)) > 0.9
      : Math.min(...left, ...right) > FAINTEST;
  return fits ? '' : `tones ${sides}`;
}

/** A call on a real PBX so often, each so short, in ms. */
const CALL_EVERY_MS = 45_000;
const TALK_MS = 3_000;

/** Calls between two phones of a PBX, and how long after their answer the recorder asks for their captures. */
export async function callMeanwhile(pbx: Pbx, lab: ReturnType<typeof createLab>) {
  const url = new URL(pbx.ari.url);
  const tap = helper<TapReport>('./flood-tap.ts', url.port);
  const [port] = (await once(tap.child, 'message')) as [number];
  url.port = String(port);
  await lab.phone('100');
  const carrier = await lab.carrier();
  const over = new AbortController();
  let calling: Promise<void> = Promise.resolve();
  async function callOn(): Promise<void> {
    for (let n = 0; !over.signal.aborted; n++) {
      const call = await carrier.call('5554100', {
        caller: { number: `+1555${String(n).padStart(7, '0')}` },
      });
      if (await call.answered) await wait(TALK_MS);
      await call.hangup();
      await wait(CALL_EVERY_MS, undefined, { signal: over.signal }).catch(() => {});
    }
  }
  return {
    pbx: { ...pbx, ari: { ...pbx.ari, url: url.href } },
    begin(): void {
      calling = callOn();
      calling.catch(() => {});
    },
    async end() {
      over.abort();
      await calling;
      const { calls, waits, never } = waitsOf(
        (await tap.told()).channels.filter(({ caller }) => caller.startsWith('+1555')),
      );
      const [p50, p99] = [percentile(waits, 0.5), percentile(waits, 0.99)];
      return { calls, never, p50, p99, most: waits.at(-1) ?? Number.NaN };
    },
    stop: () => tap.child.kill(),
  };
}
