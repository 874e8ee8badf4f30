import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { manifestFault } from '../../../daemon/domain/recording/manifest.js';
import type { Recording } from '../../../daemon/domain/recording/recording.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { openManifest } from '../../../daemon/vault/manifest.js';
import { loadMasterKey } from '../../../daemon/vault/master-key.js';
import { openSealed } from '../../../daemon/vault/open.js';
import { publicKeys } from '../../../daemon/vault/signing-key.js';
import { createDiskReader } from '../../../daemon/vault/store/disk.js';
import { type RecorderLab, until } from '../recorder.js';
import { decode, type Sound } from '../recordings/audio.js';
import type { Pbx } from './pbx.js';
import type { Span, Spoken, Swept } from './sweep.js';

/** In ms: how long the daemon may take to begin or take up a capture once it watches. */
const GRASP = 2_500;
/** In ms: how much a recording may be off besides, by how late phones and Asterisk are. */
const SLACK = 1_000;
/** In ms: when nothing has been sealed for so long, nothing will be. */
const STANDSTILL = 120_000;

export type Verdict = { faults: string[]; recorded: number; partial: number; blind: number; lostMs: number };

/** What is wrong with what a sweep has left; nothing, when no call is lost, none is there twice, and every gap is told. */
export async function judgeSweep(
  { spoken, watched }: Swept,
  { pbx, recorder }: { pbx: Pbx; recorder: RecorderLab },
): Promise<Verdict> {
  const verdict: Verdict = { faults: [], recorded: 0, partial: 0, blind: 0, lostMs: 0 };
  const catalogue = createSqliteCatalogue({ path: catalogueFile(recorder.dataDir) });
  await catalogue.start();
  const keys = createKeys({
    path: keysFile(recorder.dataDir),
    masterKey: loadMasterKey(join(dirname(recorder.config), 'master.key')),
    readonly: true,
  });
  keys.start();
  const all = () => catalogue.calls.list({ limit: 10_000 });
  const open = async () => (await all()).filter((c) => c.endedAt === null || c.coverage.status === 'pending');
  // Calls are sealed one after the other, and many kills leave many that wait: only a standstill is a fault.
  let waiting = Number.POSITIVE_INFINITY;
  const fewer = async () => {
    const { length } = await open();
    if (length >= waiting) return false;
    waiting = length;
    return true;
  };
  try {
    while (waiting > 0) await until('one more call is accounted for', fewer, STANDSTILL);
  } catch {
    for (const c of await open()) {
      const segments = (await catalogue.segments.of(c.id)).map((each) => each.state).join(', ');
      const ended = c.endedAt === null ? 'no end' : `ended at ${new Date(c.endedAt).toISOString()}`;
      verdict.faults.push(
        `${c.them.number} (${c.id}): it stays open, coverage ${c.coverage.status}, ${ended}, segments ${segments}`,
        ...saidOf(recorder, c.id),
      );
    }
  }
  const calls = await all();
  const windows = (await catalogue.watch.windows()).map((w) => ({ from: w.from, to: w.to ?? Date.now() }));

  for (const s of spoken) {
    const graspedAt = graspOf(s, watched);
    const due = graspedAt === null ? 'watched too shortly' : `to be captured after ${graspedAt - s.from} ms`;
    const fault = (what: string) =>
      verdict.faults.push(`${s.what} ${s.number} (${s.to - s.from} ms, ${due}): ${what}`);
    // Of a call to the outside that was taken up later, only what the extension dialled is known, with its 9.
    const rows = calls.filter((c) => /^9?(.*)/.exec(c.them.number)![1] === s.number && c.answeredAt !== null);
    if (rows.length > 1) fault(`it is there ${rows.length} times`);
    const [row] = rows;
    if (!row?.recording) {
      verdict.blind += 1;
      if (graspedAt !== null) fault(`it is lost: ${row ? inWords(row.coverage.why) : 'no row'}`);
      else if (row && inWords(row.coverage.why) === '') fault('it is not recorded, for no reason');
      else if (!row && lengthWithin(s, [...watched, ...windows]) < s.to - s.from - SLACK)
        fault('no row, and no monitoring gap has all of it');
      continue;
    }
    verdict[row.coverage.status === 'recorded' ? 'recorded' : 'partial'] += 1;
    const sound = await soundOf(recorder.dataDir, row.recording, await keys.identity(row.recording.id));
    if (!sound) fault('it cannot be played');
    else {
      const { faults, lostMs } = heardOf(sound, row.recording, s, graspedAt, lengthWithin(s, watched));
      faults.forEach(fault);
      verdict.lostMs += lostMs;
    }
    const signed = await catalogue.seals.manifest(row.recording.id);
    const wrong = signed
      ? manifestFault(openManifest(signed, publicKeys(recorder.dataDir)), row, row.recording)
      : 'it is not signed';
    if (wrong !== null) fault(wrong);
  }
  const left = () => leftOvers(pbx, recorder.dataDir, new Set(calls.map((c) => c.recording?.file)));
  // The spool is cleared after the row is written.
  await until('nothing is left', async () => (await left()).length === 0).catch(() => {});
  verdict.faults.push(...(await left()));
  keys.stop();
  await catalogue.stop();
  return verdict;
}

/** The last that the recorder has logged of a call, and whatever it has warned of or named as an error. */
function saidOf({ config }: RecorderLab, id: string): string[] {
  const lines = readFileSync(join(dirname(config), 'run.log'), 'utf8').split('\n');
  const of = lines.filter((line) => line.includes(id));
  const bad = lines.filter((line) => /"level":[456]0/.test(line) && !line.includes(id));
  return [...bad.slice(-5), ...of.slice(-8), ...lines.slice(-3)];
}

/** When a call is captured at the latest: when the daemon has watched it long enough at once, ms since 1970. Null: never. */
function graspOf(s: Spoken, watched: Span[]): number | null {
  const first = watched.find((w) => within(s, w) > GRASP);
  return first ? Math.max(s.from, first.from) + GRASP : null;
}

/**
 * What is wrong with a recording, and for how many ms its sides are silent. Of a call that was answered while nobody watched
 * the length is not known: `watchedMs` of it have to be there.
 */
function heardOf(sound: Sound, recording: Recording, s: Spoken, graspedAt: number | null, watchedMs: number) {
  const faults: string[] = [];
  const lengthMs = sound.seconds * 1_000;
  const late = (graspedAt ?? s.to) - s.from;
  if (Math.abs(lengthMs - recording.durationMs) > 150)
    faults.push(`${Math.round(lengthMs)} ms of ${recording.durationMs} ms`);
  if (lengthMs < watchedMs - GRASP - SLACK) faults.push(`it lasts ${Math.round(lengthMs)} ms`);
  let lostMs = 0;
  // Both sides spoke all the time: what is silent was not captured.
  for (const [i, side] of s.quiet ? [] : (['them', 'us'] as const).entries()) {
    const gaps = recording.gaps
      .filter((g) => g.side === 'both' || g.side === side)
      .map((g) => ({ from: g.atMs, to: g.untilMs }));
    const holes = silences(sound.channels[i]!, sound.rate);
    for (const hole of holes) {
      const untold = hole.to - hole.from - lengthWithin(hole, gaps);
      if (untold > 700) faults.push(`${untold} ms of silence at ${hole.from} ms are not told of`);
    }
    const silent = holes.reduce((ms, h) => ms + h.to - h.from, 0);
    if (silent > late + SLACK) faults.push(`${side} is silent for ${silent} ms`);
    lostMs += silent;
  }
  return { faults, lostMs };
}

/** What should have gone: files that no row has, audio in the spool, channels and bridges of Asterisk. */
async function leftOvers(pbx: Pbx, dataDir: string, kept: Set<string | undefined>): Promise<string[]> {
  const folder = join(dataDir, 'recordings');
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  return [
    ...files
      .filter((file) => /\.(age|tmp)$/.test(file) && !kept.has(join('recordings', file)))
      .map((file) => `${file}: a file without a row`),
    ...readdirSync(pbx.recordingDir)
      .filter((file) => file.startsWith('tapedeck-'))
      .map((file) => `in the spool: ${file}`),
    ...(await pbx.ask<{ name: string }[]>('/channels')).map((c) => `a channel is left: ${c.name}`),
    ...(await pbx.ask<{ id: string }[]>('/bridges')).map((b) => `a bridge is left: ${b.id}`),
  ];
}

const within = (a: Span, b: Span): number => Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));

/** How much of a stretch these others have of it, in ms; where they overlap it counts once. */
function lengthWithin(span: Span, others: Span[]): number {
  let [ms, done] = [0, span.from];
  for (const other of [...others].sort((a, b) => a.from - b.from)) {
    ms += within({ from: done, to: span.to }, other);
    done = Math.max(done, other.to);
  }
  return ms;
}

/** Null when it cannot be opened or is not what was sealed. */
async function soundOf(dataDir: string, recording: Recording, identity: string): Promise<Sound | null> {
  try {
    const sealed = await openSealed(createDiskReader(dataDir), recording, identity);
    const parts: Buffer[] = [];
    for await (const chunk of sealed.read(0, sealed.size - 1)) parts.push(chunk as Buffer);
    await sealed.close();
    const plain = Buffer.concat(parts);
    if (createHash('sha256').update(plain).digest('hex') !== recording.plainSha256) return null;
    return await decode(plain);
  } catch {
    return null;
  }
}

/** Stretches of at least 0.6 s in which nothing is to be heard, in ms from the beginning. */
function silences(samples: Float32Array, rate: number): Span[] {
  const step = rate / 20;
  const found: Span[] = [];
  let from: number | null = null;
  const end = (to: number) => {
    if (from !== null && to - from >= 600) found.push({ from, to });
    from = null;
  };
  for (let at = 0; at + step <= samples.length; at += step) {
    const quiet = samples.subarray(at, at + step).every((v) => Math.abs(v) < 0.006);
    const ms = Math.round((at / rate) * 1_000);
    if (!quiet) end(ms);
    else from ??= ms;
  }
  end(Math.round((samples.length / rate) * 1_000));
  return found;
}
