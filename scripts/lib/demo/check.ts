import { createOwnPrompts } from '../../../daemon/vault/prompts.js';
import type { Lab, PromptName } from '../../../test/support/pbx/pbx.js';
import { readPrompt } from '../../../test/support/pbx/sources.js';
import { type ApiClient, type CallView, until } from '../../../test/support/recorder.js';
import { decode, hear, rmsDb, type Sound } from '../../../test/support/recordings/audio.js';
import type { Expected } from './expected.js';

type Check = (good: boolean, text: string) => void;

/**
 * Looks for a call in the dashboard, as its API shows it, and listens to its recording. `check` hears of each thing that was
 * looked at. Calls in `since` are older than the demo's.
 */
export async function verifyCall(
  { api, lab, since, check }: { api: ApiClient; lab: Lab; since: Set<string>; check: Check },
  expected: Expected,
): Promise<void> {
  const { what } = expected;
  const fresh = async () =>
    (await api.calls()).find(
      (c) => !since.has(c.id) && expected.find(c) && c.state === 'ended' && c.coverage.status !== 'pending',
    );
  const call = await until(`the call "${what}" in the dashboard`, fresh, 30_000).catch((e: Error) => {
    check(false, e.message);
    return null;
  });
  if (!call) return;
  const { status, rule, reason } = call.coverage;
  const because = rule ?? reason;
  check(status === expected.coverage, `${what}: ${status}${because ? ` (${because})` : ''}`);
  if (expected.coverage !== 'recorded') {
    check(call.recording === null, `${what}: no audio is kept`);
    return;
  }
  if (!call.recording) return;
  await checkMarks(api, call, expected, check);
  const sound = await decode(await api.audio(call.id), 8000);
  const seconds = sound.channels[0]!.length / sound.rate;
  const sealedAfter = (Date.parse(call.recording.sealed_at) - Date.parse(call.ended_at!)) / 1000;
  check(
    sound.channels.length === 2 && Math.abs(seconds * 1000 - call.talk_ms!) < 150,
    `${what}: stereo, ${seconds.toFixed(2)} s of ${(call.talk_ms! / 1000).toFixed(2)} s, sealed ${sealedAfter.toFixed(1)} s after the hang-up`,
  );
  if (expected.announced) await checkTold(api, call, expected.announced, expected, check);
  if (expected.masked) await checkMask(api, call, sound, expected, check);
  else checkSides(lab, sound, expected, check);
}

/** Who heard the whole prompt on their phone, and that the sealed audio has it. */
async function checkTold(
  api: ApiClient,
  { id }: CallView,
  { kind, language, heard }: NonNullable<Expected['announced']>,
  { what }: Expected,
  check: Check,
): Promise<void> {
  const { wav } = createOwnPrompts().of(kind, language, kind === 'ask' ? '1' : '9').files;
  const prompt = new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.length));
  for (const [who, samples] of Object.entries(heard)) {
    const { correlation, share, atMs } = hear(prompt, samples, 8_000);
    // Anna begins to speak after four seconds, over a prompt that is longer.
    check(
      correlation >= 0.8 && share >= (kind === 'ask' ? 0.5 : 0.8),
      `${what}: ${who} heard the prompt "${kind}" in "${language}" (correlation ${correlation.toFixed(3)} at ${(atMs / 1000).toFixed(2)} s)`,
    );
  }
  type Told = { told: { played: { whole: boolean; heard_by: unknown[]; found: object | null }[] } | null };
  const [played] = (await api.json<Told>('GET', `/calls/${id}`)).told?.played ?? [];
  check(played?.whole === true && played.heard_by.length === 2, `${what}: the ledger has both`);
  if (kind === 'announce')
    check(
      played?.found != null && (played.found as { found: boolean }).found,
      `${what}: the sealed recording has the prompt (${JSON.stringify(played?.found)})`,
    );
}

/**
 * What a busy machine does to a sound, in ms: Asterisk writes a frame of silence where a phone's frame comes late, so what
 * follows slips by whole frames, by no more than it keeps for a late snoop. Where sound is missing instead it comes too early.
 * Anything else is a fault of the recording. Found to a sample, hence within `ROUNDING`.
 */
const FRAME = 20;
const LATE = 500;
const EARLY = 100;
const ROUNDING = 1;

/** Whether a prompt is heard whole: it slips by nothing but late frames, each of which breaks one stretch of it. */
const heardWhole = ({ correlation, share, stretches, slipMs }: ReturnType<typeof hear>): boolean => {
  const late = Math.round(slipMs / FRAME);
  return (
    correlation >= 0.9 &&
    share + Math.max(0, late) / stretches >= 0.8 &&
    slipMs <= LATE + ROUNDING &&
    slipMs >= -EARLY - ROUNDING &&
    Math.abs(slipMs - late * FRAME) <= ROUNDING
  );
};

/** So near to its ends a mask is not looked at: what is silent there may be a frame of the encoder's, in s. */
const EDGE = 0.15;

/** Nothing is heard where the call was masked, on either side, and something before it and after it. */
async function checkMask(api: ApiClient, call: CallView, sound: Sound, { what }: Expected, check: Check) {
  type Masked = { recording: { masks: { at_ms: number; until_ms: number }[] } };
  const [mask] = (await api.json<Masked>('GET', `/calls/${call.id}`)).recording.masks;
  const { length } = sound.channels[0]!;
  const [from, to] = mask ? [mask.at_ms / 1000, mask.until_ms / 1000] : [0, 0];
  const loudest = (a: number, b: number) =>
    Math.max(
      ...sound.channels.map((c) => rmsDb(c.subarray(Math.round(a * sound.rate), Math.round(b * sound.rate)))),
    );
  check(to - from > 2, `${what}: masked from ${from.toFixed(2)} s to ${to.toFixed(2)} s`);
  const within = loudest(from + EDGE, to - EDGE);
  check(within < -70, `${what}: neither side is heard there (${Math.max(within, -120).toFixed(0)} dB)`);
  for (const [when, a, b] of [
    ['before', 0, from],
    ['after', to, length / sound.rate],
  ] as const)
    check(loudest(a, b) > -40, `${what}: speech is heard ${when} it (${loudest(a, b).toFixed(0)} dB)`);
}

async function checkMarks(api: ApiClient, call: CallView, { what, marks }: Expected, check: Check) {
  if (!marks) return;
  const found = ((await api.call(call.id)).marks as { kind: string }[]).map(({ kind }) => kind);
  for (const kind of marks) check(found.includes(kind), `${what}: its timeline has a mark "${kind}"`);
}

/** Which prompts are heard where; while the first one is heard the other side must be silent. */
function checkSides(lab: Lab, sound: Sound, { what, left, right }: Expected, check: Check): void {
  const listen = (side: 'left' | 'right', prompt: PromptName): number => {
    const found = hear(readPrompt(lab.prompt(prompt)), sound.channels[side === 'left' ? 0 : 1]!, sound.rate);
    const slip = Math.abs(found.slipMs) > 1 ? `, slipped by ${found.slipMs.toFixed(0)} ms` : '';
    check(
      heardWhole(found),
      `${what}: "${prompt}" is on the ${side} (correlation ${found.correlation.toFixed(3)} at ${(found.atMs / 1000).toFixed(2)} s${slip})`,
    );
    return found.atMs / 1000;
  };
  if (left.length + right.length < 2) return void left.map((prompt) => listen('left', prompt));
  const lefts = left.map((prompt) => listen('left', prompt));
  const rights = right.map((prompt) => listen('right', prompt));
  if (what === 'echo test') {
    const skew = Math.abs(rights[0]! - lefts[0]!) * 1000;
    check(skew <= 2 * FRAME + ROUNDING, `${what}: the two sides are ${skew.toFixed(0)} ms apart`);
    return;
  }
  for (const [n, at] of rights.entries())
    if (n > 0) check(at > rights[n - 1]!, `${what}: "${right[n]}" comes after "${right[n - 1]}"`);
  const quiet = lefts[0]! < rights[0]! ? 1 : 0;
  const from = Math.round((Math.min(lefts[0]!, rights[0]!) + 0.1) * sound.rate);
  const level = rmsDb(sound.channels[quiet]!.subarray(from, from + 2 * sound.rate));
  check(
    level < -40,
    `${what}: the ${quiet === 0 ? 'left' : 'right'} side is silent while the other speaks (${Math.max(level, -120).toFixed(0)} dB)`,
  );
}
