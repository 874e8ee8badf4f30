import { existsSync, readdirSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { catalogueFile } from '../../daemon/domain/paths.js';
import type { Pbx } from '../support/pbx/pbx.js';
import { decode } from '../support/recordings/audio.js';
import { wordsIn } from '../support/words.js';
import { CLICKS, type Soaked } from './soak-calls.js';

/** What the catalogue, Asterisk and the files say after a soak, against what the phones say. */
export type Row = {
  id: string;
  direction: string;
  started_at: number;
  answered_at: number | null;
  ended_at: number | null;
  them: string;
  us: string;
  dialled: string;
  status: string;
  reason: string;
  recording: string | null;
  file: string | null;
};

export function readCatalogue(dataDir: string) {
  const db = new Database(catalogueFile(dataDir), { readonly: true });
  try {
    const rows = db
      .prepare(
        `SELECT c.id, c.direction, c.started_at, c.answered_at, c.ended_at, c.them ->> '$.number' AS them, c.us ->> '$.number' AS us, c.dialled,
           c.coverage_status AS status, c.coverage_reason AS reason, r.id AS recording, r.file
         FROM calls c LEFT JOIN recordings r ON r.call_id = c.id AND r.state = 'sealed' WHERE c.test = 0 ORDER BY c.started_at`,
      )
      .all()
      .map((row) => ({ ...(row as Row), reason: wordsIn((row as Row).reason) }));
    const open = db
      .prepare("SELECT count(*) FROM segments WHERE state IN ('capturing', 'captured')")
      .pluck()
      .get() as number;
    const windows = (
      db.prepare('SELECT from_at, to_at, reason FROM blind_windows ORDER BY from_at').all() as {
        from_at: number;
        to_at: number | null;
        reason: string;
      }[]
    ).map((window) => ({ ...window, reason: wordsIn(window.reason) }));
    return { rows, open, windows };
  } finally {
    db.close();
  }
}

/** What is left of things that should have gone, and what is missing: each by name. */
export async function orphans(
  pbx: Pbx,
  dataDir: string,
  rows: Row[],
  openSegments: number,
): Promise<string[]> {
  const channels = await pbx.ask<{ name: string }[]>('/channels');
  const bridges = await pbx.ask<{ id: string; creator: string; channels: string[] }[]>('/bridges');
  const found = [
    ...channels.map((c) => `channel ${c.name}`),
    // The parking lot has a bridge of its own, for ever.
    ...bridges.filter((b) => b.creator === 'Stasis' || b.channels.length > 0).map((b) => `bridge ${b.id}`),
    ...readdirSync(pbx.recordingDir).map((file) => `spool file ${file}`),
  ];
  const kept = new Set(rows.flatMap((row) => row.file ?? []));
  for (const file of kept) if (!existsSync(join(dataDir, file))) found.push(`row without its file ${file}`);
  const folder = join(dataDir, 'recordings');
  for (const file of existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [])
    if (statSync(join(folder, file)).isFile() && !kept.has(join('recordings', file)))
      found.push(`file without a row ${file}`);
  if (openSegments > 0) found.push(`${openSegments} segments that nobody finishes`);
  for (const row of rows) if (row.ended_at === null) found.push(`call ${row.id} never ended`);
  return found;
}

/** Finds each soaked call among the rows. An internal one is told by its parties and its time. */
export function match(soaked: Soaked[], rows: Row[]) {
  const lost: string[] = [];
  const duplicated: string[] = [];
  const reasons = new Map<string, number>();
  const found = new Map<Soaked, Row>();
  for (const call of soaked) {
    const mine = rows.filter((row) =>
      call.kind === 'internal'
        ? row.direction === 'internal' &&
          call.key === `${row.them}-${row.us}` &&
          row.started_at > call.startedAt - 200 &&
          row.started_at < call.endedAt + 200
        : // The number that went out is not told of a call that is found in progress; what was dialled is.
          row.them === call.key || (call.kind === 'out' && row.dialled === `9${call.key}`),
    );
    if (mine.length > 1)
      duplicated.push(`${name(call)}: ${mine.map((r) => `${r.id} ${r.status}`).join(', ')}`);
    if (call.answeredAt === null) continue;
    const row = mine.find((r) => r.recording) ?? mine[0];
    if (row) found.set(call, row);
    if (!row) lost.push(`${name(call)}: no row`);
    else if (!row.recording && row.reason === '')
      lost.push(`${name(call)}: ${row.id} is ${row.status} without a reason`);
    else if (!row.recording || row.status !== 'recorded') {
      const why = `${row.status}: ${row.reason}`;
      reasons.set(why, (reasons.get(why) ?? 0) + 1);
    }
  }
  return { lost, duplicated, reasons, found };
}

export const name = (call: Soaked): string =>
  `${call.kind} ${call.key} (${((call.endedAt - (call.answeredAt ?? call.startedAt)) / 1000).toFixed(1)} s from ${new Date(call.startedAt).toISOString()})`;

/** Where clicks of this frequency begin, in ms. */
function onsets(samples: Float32Array, rate: number, hz: number): number[] {
  const hop = rate / 400;
  const size = rate / 100;
  const power = (at: number): number => {
    let [re, im] = [0, 0];
    for (let i = 0; i < size; i++) {
      const phase = (2 * Math.PI * hz * i) / rate;
      re += (samples[at + i] ?? 0) * Math.cos(phase);
      im += (samples[at + i] ?? 0) * Math.sin(phase);
    }
    return Math.hypot(re, im) / size;
  };
  const found: number[] = [];
  for (let at = 0; at + size < samples.length; at += hop)
    if (power(at) > 0.05 && (at * 1000) / rate - (found.at(-1) ?? -1000) > 500)
      found.push((at * 1000) / rate);
  return found;
}

const median = (list: number[]): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

/**
 * How far the sides of a recording lie apart, in ms: by how much more the clicks of the right one come late than those of the
 * left one, each against when its phone sent it. Null when there are too few clicks to tell.
 */
export async function skewOf(
  audio: Buffer,
  answeredAt: number,
  clicks: Soaked['clicks'],
): Promise<number | null> {
  const sound = await decode(audio, 8000);
  const late = CLICKS.map((hz, side) => {
    const sent = clicks[side]!.map((at) => at - answeredAt);
    return onsets(sound.channels[side]!, sound.rate, hz).flatMap((at) => {
      const nearest = sent.reduce(
        (a, b) => (Math.abs(b - at) < Math.abs(a - at) ? b : a),
        Number.POSITIVE_INFINITY,
      );
      return Math.abs(at - nearest) < 400 ? [at - nearest] : [];
    });
  });
  if (late.some((list) => list.length < 3)) return null;
  return median(late[1]!) - median(late[0]!);
}

/** Listens to Asterisk's own account: how many calls (linkedids) had an answered CDR. */
export function listenToCdrs(pbx: Pbx) {
  const { host, port, user, secret } = pbx.labAmi;
  const answered = new Set<string>();
  const socket = createConnection(port, host);
  let rest = '';
  socket.on('error', () => {});
  socket.write(`Action: Login\r\nUsername: ${user}\r\nSecret: ${secret}\r\n\r\n`);
  socket.on('data', (data) => {
    rest += data;
    const messages = rest.split('\r\n\r\n');
    rest = messages.pop()!;
    for (const message of messages) {
      if (
        !/^Event: Cdr\r?$/m.test(message) ||
        !/^Disposition: ANSWERED/m.test(message) ||
        /^Channel: Snoop/m.test(message)
      )
        continue;
      answered.add(/^LinkedId: (\S+)/m.exec(message)?.[1] ?? '');
    }
  });
  return { answered, stop: () => socket.destroy() };
}
