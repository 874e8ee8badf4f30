import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { parse } from 'csv-parse/sync';
import { type Day, FILES, type PlayedCall, type Press } from './day.js';

/**
 * Says what is wrong with what Tapedeck wrote of a day of calls. Nothing of Tapedeck is used here: keys are what the phones
 * pressed, a prompt is what the phones heard, and the ledger, the report and the manifests are read as anybody would read them.
 */

/** A key or a prompt this close to a kill may have been heard or not, in ms. */
const NEAR = 700;
/** A tone of 160 ms counts once it is over, and the machine is busy. */
const LATE = 400;
/** Recordings begin at the answer as the PBX tells it; phones know of it a little later. */
const APART = 500;

/** Which of the prompts that come with Tapedeck people of a place hear. */
const LANGUAGES: Record<string, string> = { Germany: 'de', France: 'fr', Spain: 'es' };

type Row = Record<
  | 'call_id'
  | 'them_number'
  | 'mode'
  | 'told'
  | 'answer'
  | 'status'
  | 'coverage'
  | 'findings'
  | 'keys_unheard_ms',
  string
>;
type Manifest = {
  call: { id: string; answered_at: string };
  consent: {
    notice: { mode: string } | null;
    played: { what: string; whole: boolean; heard_by: string[] }[];
    answers: { kind: string; how: string; leg: string | null }[];
  };
};
type Said = { kind: string; how: string; leg_id: string | null };
type Leg = { id: string; party: { number: string; ours: boolean } };

const run = promisify(execFile);

export async function judge(folder: string, sounds: { prompts: string; dialplan: string }) {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const day = JSON.parse(read(FILES.day)) as Day;
  const rows = parse(read(FILES.report), { columns: true }) as Row[];
  const { totals } = JSON.parse(read(FILES.totals)) as {
    totals: { calls: number; statuses: Record<string, number> };
  };
  const ledger = new Database(join(folder, FILES.catalogue), { readonly: true });
  const faults: string[] = [];
  const sums = {
    kept: 0,
    agreed: 0,
    refused: 0,
    'keys not heard': 0,
    'pressed while the recorder was away': 0,
  };

  if (rows.length !== day.calls.length) faults.push(`${rows.length} lines for ${day.calls.length} calls`);
  if (totals.calls !== rows.length)
    faults.push(`the report counts ${totals.calls} of its ${rows.length} lines`);
  for (const [status, count] of Object.entries(totals.statuses)) {
    const counted = rows.filter((row) => row.status === status).length;
    if (counted !== count) faults.push(`${count} calls are "${status}", and ${counted} lines say so`);
  }

  for (const call of day.calls) {
    const where = `${call.number}, ${call.place}, answered by ${call.by}, ${call.presses.map(({ who, key }) => `${who} ${key}`).join(' ') || 'no key'}`;
    for (const fault of await faultsOf(call)) faults.push(`${where}: ${fault}`);
  }
  return { faults, sums: { calls: day.calls.length, kills: day.away.length, ...sums } };

  /** Whether the recorder may not have heard what was at that time. */
  function away(from: number, until = from): boolean {
    return day.away.some((gap) => from <= gap.until + NEAR && until >= gap.from - NEAR);
  }

  async function faultsOf(call: PlayedCall): Promise<string[]> {
    const faults: string[] = [];
    // A spreadsheet takes what begins with a plus for a formula; an apostrophe says that it is text.
    const [row, second] = rows.filter(({ them_number }) => them_number.replace(/^'/, '') === call.number);
    if (!row || second) return [`${row ? 'two lines' : 'no line'} in the report`];
    const { legs, decision } = ledger
      .prepare('SELECT legs, notices.decision FROM notices JOIN calls ON id = call_id WHERE id = ?')
      .get(row.call_id) as { legs: string; decision: string };
    const said = ledger
      .prepare(
        "SELECT kind, how, leg_id FROM directives WHERE call_id = ? AND kind IN ('allow', 'decline') ORDER BY seq",
      )
      .all(row.call_id) as Said[];
    const whole = ledger
      .prepare('SELECT heard_by FROM tellings WHERE call_id = ? AND whole = 1 ORDER BY seq')
      .pluck()
      .all(row.call_id) as string[];
    const caller = (JSON.parse(legs) as Leg[]).find(({ party }) => party.number === call.number)!.id;
    const audio = join(folder, FILES.audio(call.number));
    const kept = existsSync(audio);
    if (kept) sums.kept++;
    if (kept !== ['recorded', 'partial'].includes(row.coverage))
      faults.push(`the report says "${row.coverage}", and there is ${kept ? 'a' : 'no'} recording`);
    if (JSON.parse(decision).mode !== row.mode) faults.push(`ledger and report differ in the mode`);

    const heard = {
      caller: hearing(call, 'caller', call.by === 'dialplan' ? sounds.dialplan : promptOf(call)),
      agent: hearing(call, 'agent', promptOf(call)),
    };
    const by = (who: Press['who'], key: string) =>
      call.presses.filter((one) => one.who === who && one.key === key);
    const on = (kind: string, leg: boolean) =>
      said.filter((one) => one.kind === kind && (one.leg_id === caller) === leg);

    // Nobody answers for the caller, and nobody's answer is made up.
    const yes = by('caller', '1');
    const no = by('caller', '9');
    const mayHaveRefused = call.by === 'dialplan' ? 1 : no.length;
    if (on('allow', true).length > yes.length)
      faults.push('the ledger has a yes that the caller did not give');
    if (on('decline', true).length > mayHaveRefused)
      faults.push('the ledger has a no that the caller did not give');
    if (on('allow', false).length > by('agent', '1').length)
      faults.push('the ledger has a yes that our side did not give');
    if (on('decline', false).length > by('agent', '9').length)
      faults.push('the ledger has a no that our side did not give');
    if (row.answer === 'agreed' && on('allow', true).length === 0)
      faults.push('agreed, without a yes of the caller');
    if (row.answer === 'agreed') sums.agreed++;
    if (row.answer === 'refused') sums.refused++;

    // What was pressed in answer to a prompt, and heard, holds.
    const refusals = [...no, ...by('agent', '9')];
    for (const press of [...refusals, ...yes]) {
      if (away(press.at, press.at + LATE)) {
        sums['pressed while the recorder was away']++;
        continue;
      }
      const asked = heard[press.who].began;
      if (call.by === 'dialplan' || asked === null || press.at < asked + LATE) continue;
      if (refusals.includes(press) && row.answer !== 'refused')
        faults.push(`a no of the ${press.who} is not told`);
      if (yes.includes(press) && call.asks && !['agreed', 'refused'].includes(row.answer))
        faults.push('a yes of the caller is not told');
    }
    if (row.answer === 'refused' && kept) faults.push('somebody refused, and there is a recording');
    if (call.by === 'dialplan') {
      // The dialplan holds the answer until somebody reads it, so no kill may lose it.
      if (yes.length === 0 && row.answer !== 'refused')
        faults.push('no yes in the dialplan, and not refused');
      if (yes.length > 0 && !['agreed'].includes(row.answer)) faults.push('the yes in the dialplan is lost');
    }
    const unheard = row.findings.split(' ').includes('keys_unheard');
    if (unheard) sums['keys not heard']++;
    const missed = day.away.some(
      (gap) => gap.from > call.agentAt + APART && gap.until < call.endedAt - APART,
    );
    if (kept && missed && row.answer === 'none' && !unheard)
      faults.push('keys were not heard for a while, and the report does not say so');
    // Where people have to be told, nothing is kept of a call that ended before the recorder knew that they were.
    const ended = ['not_kept', 'not_recorded'].includes(row.coverage) && row.told !== 'all';
    const heardAll = Math.min(heard.caller.share, heard.agent.share) === 1;
    const untold = ended && (!heardAll || away(call.answeredAt, call.endedAt));
    if (!call.asks && row.answer !== 'refused' && !kept && !untold)
      faults.push(`nobody refused, and it is not recorded (${row.coverage})`);

    // Where the law wants a yes first, there is one before the first sound.
    if (call.asks && kept) {
      const agreed = yes[0];
      if (!agreed || row.answer !== 'agreed') faults.push(`recorded with the answer "${row.answer}"`);
      else if ((await firstSound(audio, call)) < agreed.at - APART)
        faults.push('recorded from before the yes');
    }

    // Who is said to have been told has heard it, and who has not is not said to have been.
    for (const who of ['caller', 'agent'] as const) {
      const { share } = heard[who];
      if (row.told === 'all' && share < 0.5)
        faults.push(`told, and the ${who} heard ${Math.round(100 * share)} % of a prompt`);
    }
    if (
      kept &&
      row.told === 'nobody' &&
      heard.caller.share > 0.95 &&
      heard.agent.share > 0.95 &&
      !away(call.answeredAt, call.endedAt)
    )
      faults.push('both heard all of a prompt, and nobody is said to have been told');

    if (kept) {
      const manifest = JSON.parse(read(FILES.manifest(call.number))) as Manifest;
      const { notice, played, answers } = manifest.consent;
      const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
      if (manifest.call.id !== row.call_id) faults.push('the manifest is of another call');
      if (notice?.mode !== row.mode) faults.push('the manifest has another mode');
      const signed = answers.map(({ kind, how, leg }) => ({ kind, how, leg_id: leg }));
      if (!same(signed, said)) faults.push(`the manifest has other answers: ${JSON.stringify(signed)}`);
      const listened = played.filter((one) => one.whole).map((one) => JSON.stringify(one.heard_by));
      if (!same(listened, whole)) faults.push('the manifest has other prompts than the ledger');
    }
    return faults;
  }

  function promptOf({ place, asks }: PlayedCall): string {
    return join(sounds.prompts, LANGUAGES[place] ?? 'en', asks ? 'ask.wav' : 'announce_refusal.wav');
  }

  /** How much of a prompt a phone heard at once, from 0 to 1, and when its first playing began; null for none. */
  function hearing(call: PlayedCall, who: Press['who'], prompt: string) {
    const bytes = readFileSync(join(folder, FILES.heard(call.number, who)));
    const sound = narrow(samplesOf(bytes));
    const wanted = narrow(samplesOf(readFileSync(prompt).subarray(44)));
    const { share, first } = follow(sound, wanted);
    const since = who === 'caller' ? call.answeredAt : call.agentAt;
    return { share, began: first === null ? null : since + (1000 * first) / RATE };
  }

  /** When the caller is heard first in a recording, in ms since 1970. */
  async function firstSound(audio: string, call: PlayedCall): Promise<number> {
    const { stdout } = await run(
      'ffmpeg',
      [
        '-v',
        'error',
        '-c:a',
        'libopus',
        '-i',
        audio,
        '-af',
        'pan=mono|c0=c0',
        '-ar',
        '8000',
        '-f',
        's16le',
        '-',
      ],
      { encoding: 'buffer', maxBuffer: 64 << 20 },
    );
    const left = samplesOf(stdout);
    const { answered_at } = (JSON.parse(read(FILES.manifest(call.number))) as Manifest).call;
    const step = 800;
    for (let at = 0; at + step <= left.length; at += step)
      if (strengthOf(left.subarray(at, at + step), day.signal) > 0.003)
        return Date.parse(answered_at) + at / 8;
    return Number.POSITIVE_INFINITY;
  }
}

const samplesOf = (bytes: Buffer): Float32Array =>
  Float32Array.from({ length: bytes.length >> 1 }, (_, n) => bytes.readInt16LE(2 * n) / 32_768);

/** How strong a tone is in a piece of 8 kHz sound; full scale is 1. */
function strengthOf(piece: Float32Array, hz: number): number {
  let [re, im] = [0, 0];
  for (let n = 0; n < piece.length; n++) {
    const phase = (2 * Math.PI * hz * n) / 8_000;
    re += piece[n]! * Math.cos(phase);
    im += piece[n]! * Math.sin(phase);
  }
  return (2 * Math.hypot(re, im)) / piece.length;
}

/** Hz of what is compared: a prompt's words below 900 Hz, where neither the caller's tone nor a key is. */
const RATE = 2_000;

/** Low-pass and every fourth sample: 8 kHz to 2 kHz. */
function narrow(sound: Float32Array): Float32Array {
  const half = 40;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const n = i - half;
    const ideal = n === 0 ? 0.15 : Math.sin(0.15 * Math.PI * n) / (Math.PI * n);
    return ideal * (0.54 + 0.46 * Math.cos((Math.PI * n) / half));
  });
  const out = new Float32Array(sound.length >> 2);
  for (let at = 0; at < out.length; at++) {
    let sum = 0;
    for (let k = 0; k < taps.length; k++) sum += (sound[4 * at + k - half] ?? 0) * taps[k]!;
    out[at] = sum;
  }
  return out;
}

/**
 * Looks for each half second of `wanted` everywhere in `sound`. Gives the largest share of them that stand at one distance, and the
 * place where the earliest playing of at least two of them began.
 */
function follow(sound: Float32Array, wanted: Float32Array): { share: number; first: number | null } {
  const length = RATE / 2;
  const loudest = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const starts: { start: number; places: number[] }[] = [];
  for (let start = 0; start + length <= wanted.length; start += length) {
    const piece = wanted.subarray(start, start + length);
    const energy = Math.sqrt(piece.reduce((sum, x) => sum + x * x, 0) / length);
    if (energy > loudest / 30) starts.push({ start, places: placesOf(sound, piece).map((at) => at - start) });
  }
  // Some packets are played later than others: what stands within 60 ms of each other is one playing.
  const near = RATE * 0.06;
  let [most, first] = [0, Number.POSITIVE_INFINITY];
  for (const place of starts.flatMap(({ places }) => places)) {
    const there = starts.filter(({ places }) =>
      places.some((other) => Math.abs(other - place) <= near),
    ).length;
    most = Math.max(most, there);
    if (there >= 2) first = Math.min(first, place);
  }
  return {
    share: starts.length === 0 ? 0 : most / starts.length,
    first: first === Number.POSITIVE_INFINITY ? null : first,
  };
}

/** Where a piece stands, with a correlation of 0.75 or more. */
function placesOf(sound: Float32Array, piece: Float32Array): number[] {
  const n = piece.length;
  const own = Math.sqrt(piece.reduce((sum, x) => sum + x * x, 0));
  let energy = 0;
  for (let i = 0; i < Math.min(n, sound.length); i++) energy += sound[i]! * sound[i]!;
  const found: { at: number; r: number }[] = [];
  for (let at = 0; at + n <= sound.length; at++) {
    // Where nothing is heard nothing has to be compared.
    if (energy > 1e-4) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += sound[at + i]! * piece[i]!;
      const r = sum / (own * Math.sqrt(energy));
      const last = found.at(-1);
      if (r >= 0.75) {
        if (!last || at - last.at > 20) found.push({ at, r });
        else if (r > last.r) Object.assign(last, { at, r });
      }
    }
    const [gone, come] = [sound[at]!, sound[at + n] ?? 0];
    energy += come * come - gone * gone;
  }
  return found.map(({ at }) => at);
}
