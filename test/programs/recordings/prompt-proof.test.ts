import t, { type Test } from 'tap';
import { parseManifest } from '../../../daemon/domain/recording/manifest.js';
import type { Played } from '../../../daemon/domain/telling/notice.js';
import {
  isExcused,
  matched,
  ofBothSides,
  type PromptPlace,
} from '../../../daemon/domain/telling/place-found.js';
import { samplesOf } from '../../../daemon/domain/telling/wav.js';
import { createPromptSearch } from '../../../daemon/encode/prompt-search.js';
import { startThread } from '../../../daemon/ops/process/thread.js';
import { createOwnPrompts, createPromptFiles, promptSamples } from '../../../daemon/vault/prompts.js';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { until } from '../../support/recorder.js';
import { answeredAt, preserveLab, wavOf } from '../../support/recordings/preserve-lab.js';

const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
type Lab = Awaited<ReturnType<typeof preserveLab>>;

const PROMPT = createOwnPrompts().of('announce', 'en', '');
const pcm = (file: Uint8Array) => {
  const { buffer } = Uint8Array.from(samplesOf(file));
  return new Int16Array(buffer);
};
const SAMPLES = { 8000: pcm(PROMPT.files.wav), 16000: pcm(PROMPT.files.wav16) } as const;

/** A side of a call with the prompt at these places, in ms, over what sounds like a quiet line. */
function side(seconds: number, at: number[], rate: 8_000 | 16_000 = 8_000): Buffer {
  const samples = Int16Array.from({ length: seconds * rate }, (_, n) => Math.round(40 * Math.sin(n * n)));
  for (const ms of at) {
    const from = Math.round((ms * rate) / 1000);
    for (const [n, x] of SAMPLES[rate].entries()) if (from + n < samples.length) samples[from + n]! += x >> 1;
  }
  return wavOf(samples, rate);
}

/** The PBX has reported that all of it was played, from so many ms after the answer. */
const played = (lab: Lab, atMs: number, more: Partial<Played> = {}) =>
  lab.catalogue.notices.tell({
    ...aPlaying(id),
    ...{ leg: 'other', startedAt: answeredAt + atMs, endedAt: answeredAt + atMs + PROMPT.durationMs },
    prompt: { ...aPlaying(id).prompt, hash: PROMPT.hash, durationMs: PROMPT.durationMs },
    ...more,
  });

async function labWith(t: Test, options: Parameters<typeof preserveLab>[1] = {}) {
  const lab = await preserveLab(t, options);
  lab.prompts.set(PROMPT.hash, SAMPLES[16_000]);
  return lab;
}
const foundIn = async (lab: Lab) => (await lab.catalogue.notices.of(id)).played.map((p) => p.found);
const near = (t: Test, ms: number, wanted: number) =>
  t.ok(Math.abs(ms - wanted) <= 40, `${ms} ms is about ${wanted} ms`);

for (const rate of [8_000, 16_000] as const)
  t.test(`a prompt is found in what was sealed, at ${rate} Hz`, async (t) => {
    const lab = await labWith(t);
    const both = { in: side(4, [80], rate), out: side(4, [80], rate) };
    await lab.add(id, [both], { talkMs: 4_000 });
    await lab.catalogue.notices.decide(aNotice(id));
    await played(lab, 20, { heardBy: ['leg', 'other'] });
    await lab.catalogue.directives.add({
      ...{ callId: id, at: answeredAt + 2_000, kind: 'allow', how: 'digits', who: '1', legId: 'other' },
    });
    await lab.catalogue.directives.add({
      ...{ callId: id, at: answeredAt + 2_500, kind: 'keep', how: 'button', who: 'Ann', legId: null },
    });
    const { recording } = await lab.run(id);
    t.same(lab.faults, []);
    const [found] = await foundIn(lab);
    t.match(found, { found: true, in: 'both' });
    if (!found?.found) return;
    near(t, found.fromMs, 80);
    near(t, found.untilMs, 80 + 1_500);
    t.ok(found.share >= 0.95 && found.correlation > 0.9, JSON.stringify(found));
    t.equal(lab.standing.size, 0);

    const { text } = (await lab.catalogue.seals.manifest(recording!.id))!;
    const { format_version, consent } = parseManifest(text!)!;
    t.equal(format_version, 5);
    t.match(consent.notice, {
      mode: 'announce',
      because: [{ code: 'default' }, { code: 'jurisdiction', id: 'DE', needs: 'ask' }],
      jurisdictions: [{ id: 'DE', from: 'number', as_of: '2026-01-01', overridden: false }],
      ...{ number: '+4930901820', number_place: { region: 'DE', subdivision: '' } },
      ...{ site: { region: 'DE', subdivision: '' }, language: 'de', policy_version: 1, rule: null },
    });
    t.match(consent.played, [
      {
        ...{ what: 'prompt', leg: 'other', from_ms: 20, until_ms: 20 + PROMPT.durationMs, whole: true },
        prompt: { kind: 'announce', sha256: PROMPT.hash, duration_ms: PROMPT.durationMs },
        ...{ heard_by: ['leg', 'other'], failed: null },
        found: { found: true, in: 'both', from_ms: found.fromMs, until_ms: found.untilMs },
      },
    ]);
    t.same(consent.answers, [{ kind: 'allow', how: 'digits', key: '1', at_ms: 2_000, leg: 'other' }]);
  });

t.test('a prompt is found in what was sealed while the call went on', async (t) => {
  const lab = await labWith(t);
  const both = { in: side(4, [80]), out: side(4, [80]) };
  await lab.add(id, [{ ...both, state: 'capturing' }], { endedAt: null });
  lab.captures.push({ pbx: '', callId: id });
  lab.preserver.start();
  await until('some of it', () => (lab.preserver.ahead()[0]?.ms ?? 0) >= 3_000);
  const [early] = await lab.catalogue.recordings.begun(id);
  await played(lab, 20);
  lab.captures.splice(0);
  const { coverage, decision, ...call } = (await lab.catalogue.calls.get(id))!;
  await lab.catalogue.calls.save({ ...call, endedAt: answeredAt + 4_000 }, coverage, decision!);
  const { recording } = await lab.run(id);
  t.equal(recording!.id, early!.id);
  const [found] = await foundIn(lab);
  t.match(found, { found: true, in: 'both' });
  if (found?.found) near(t, found.fromMs, 80);
});

t.test('one that the sealed audio does not have raises an alarm that names the call', async (t) => {
  const lab = await labWith(t);
  await lab.add(id, [{ in: side(4, []), out: side(4, []) }], { talkMs: 4_000 });
  await played(lab, 80);
  const { recording } = await lab.run(id);
  t.same(await foundIn(lab), [{ found: false, excused: false }]);
  t.match(
    [...lab.standing],
    [
      [
        `prompt_not_found ${id}`,
        { severity: 'critical', why: { code: 'prompt_not_found', params: { call: id, prompts: 1 } } },
      ],
    ],
  );
  const { text } = (await lab.catalogue.seals.manifest(recording!.id))!;
  t.match(parseManifest(text!)!.consent.played, [{ found: { found: false, excused: false } }]);
});

t.test('one that was played while the recording was masked is excused', async (t) => {
  const lab = await labWith(t);
  await lab.add(id, [{ in: side(6, [2_000]), out: side(6, [2_000]) }], { talkMs: 6_000 });
  const say = { callId: id, how: 'button', who: 'Ann', legId: null } as const;
  await lab.catalogue.directives.add({ ...say, at: answeredAt + 1_000, kind: 'mask' });
  await lab.catalogue.directives.add({ ...say, at: answeredAt + 5_000, kind: 'resume' });
  await played(lab, 2_000);
  await lab.run(id);
  t.same(await foundIn(lab), [{ found: false, excused: true }]);
  t.notOk(lab.standing.has(`prompt_not_found ${id}`));
});

t.test('one that lies where audio is missing, or outside of what was captured, is excused', async (t) => {
  const lab = await labWith(t);
  await lab.add(id, [{ in: side(4, []), out: side(4, []), atMs: 3_000 }], { talkMs: 7_000 });
  await played(lab, 500);
  await played(lab, -9_000);
  await played(lab, 6_900);
  await lab.run(id);
  t.same(await foundIn(lab), Array(3).fill({ found: false, excused: true }));
  t.equal(lab.standing.size, 0);
});

t.test('playings of the same prompt are told apart, and each has its own place', async (t) => {
  const lab = await labWith(t);
  await lab.add(id, [{ in: side(20, []), out: side(20, [1_000, 4_000, 15_000]) }], { talkMs: 20_000 });
  for (const atMs of [3_700, 700, 14_950]) await played(lab, atMs);
  await lab.run(id);
  const found = await foundIn(lab);
  for (const [n, wanted] of [4_000, 1_000, 15_000].entries()) {
    const one = found[n];
    t.match(one, { found: true, in: 'us' });
    near(t, one?.found ? one.fromMs : -1, wanted);
  }
  t.equal(lab.standing.size, 0);
});

t.test('of two of which the audio has one, the other is missing', async (t) => {
  const lab = await labWith(t);
  await lab.add(id, [{ in: side(8, []), out: side(8, [4_000]) }], { talkMs: 8_000 });
  await played(lab, 1_000);
  await played(lab, 3_950);
  await lab.run(id);
  t.match(await foundIn(lab), [
    { found: false, excused: false },
    { found: true, in: 'us' },
  ]);
  t.match(lab.standing.get(`prompt_not_found ${id}`), { why: { params: { prompts: 1 } } });
});

t.test('a stop between what was found and the row repeats it, and comes to the same', async (t) => {
  const lab = await labWith(t, { retries: [1] });
  await lab.add(id, [{ in: side(4, []), out: side(4, [80]) }], { talkMs: 4_000 });
  await played(lab, 80);
  const { recordings } = lab.catalogue;
  const sealed = recordings.sealed;
  let before: unknown;
  recordings.sealed = async () => {
    recordings.sealed = sealed;
    before = await foundIn(lab);
    throw new Error('The power went.');
  };
  await lab.run(id);
  t.equal(lab.faults.length, 1);
  t.match(before, [{ found: true, in: 'us' }]);
  t.same(await foundIn(lab), before);
  t.equal(lab.standing.size, 0);
});

t.test('what was cut off, what has no hash and what is no prompt is not looked for', async (t) => {
  const lab = await labWith(t);
  await lab.add(id, [{ in: side(4, []), out: side(4, []) }], { talkMs: 4_000 });
  await played(lab, 80, { whole: false, heardBy: [] });
  await played(lab, 80, { what: 'beep' });
  await played(lab, 80, { what: 'dialplan', prompt: { ...aPlaying(id).prompt, hash: null } });
  await lab.run(id);
  t.same(await foundIn(lab), [null, null, null]);
  t.equal(lab.standing.size, 0);
});

t.test('nothing is said of a prompt whose file is gone, nor when the search fails', async (t) => {
  for (const broken of [false, true]) {
    const begin: typeof createPromptSearch = (order) =>
      createPromptSearch(order, (built, _, data) =>
        startThread(built, new URL('file:///nowhere/broken.mjs'), data),
      );
    const lab = await labWith(t, broken ? { searchPrompts: begin } : {});
    if (!broken) lab.prompts.clear();
    await lab.add(id, [{ in: side(4, []), out: side(4, [80]) }], { talkMs: 4_000 });
    await played(lab, 80);
    const { coverage } = await lab.run(id);
    t.equal(coverage.status, 'recorded');
    t.same(await foundIn(lab), [null]);
    t.equal(lab.standing.size, 0);
    t.same(lab.faults, []);
  }
});

t.test('the samples of a prompt are those of the file that its hash names', async (t) => {
  const own = createOwnPrompts();
  const gone = async () => {
    throw new Error('gone');
  };
  const unknown = createPromptFiles(t.testdir({}));
  const of = promptSamples(unknown, own);
  const about = { ...aPlaying(id).prompt, hash: PROMPT.hash, kind: 'announce', language: 'en' } as const;
  t.same(await of(about), SAMPLES[16_000]);
  const keyed = own.of('announce_refusal', 'de', '7');
  t.same(
    await promptSamples(
      unknown,
      createOwnPrompts(),
    )({
      ...about,
      ...{ hash: keyed.hash, kind: 'announce_refusal', language: 'de' },
    }),
    pcm(keyed.files.wav16),
  );
  t.equal(await of({ ...about, language: 'en-GB' }), null);
  t.equal(await of({ ...about, hash: '0'.repeat(64) }), null);
  await t.rejects(promptSamples({ read: gone }, own)(about), { message: 'gone' });
});

const place = (fromMs: number, more: Partial<PromptPlace> = {}): PromptPlace => ({
  ...{ fromMs, untilMs: fromMs + 4_000, share: 1, correlation: 0.98 },
  ...more,
});
const us = (...at: number[]) =>
  ofBothSides(
    [],
    at.map((ms) => place(ms)),
  );

t.test('what both sides have is one place, and the better side says how well', (t) => {
  const places = ofBothSides(
    [place(1_000, { share: 0.5 }), place(30_000)],
    [place(9_000), place(1_200, { correlation: 0.9 })],
  );
  t.match(places, [
    { in: 'both', fromMs: 1_200, share: 1, correlation: 0.9 },
    { in: 'us', fromMs: 9_000 },
    { in: 'them', fromMs: 30_000 },
  ]);
  t.end();
});

t.test('each playing gets the nearest place, in order, and no place is given twice', (t) => {
  const at = (...ms: number[]) => ms.map((atMs) => ({ atMs, untilMs: atMs + 4_000 }));
  const starts = (found: ReturnType<typeof matched>) => found.map((f) => f?.fromMs ?? null);
  t.same(starts(matched(at(0, 6_000), us(3_100, 9_000))), [3_100, 9_000], 'both are late');
  t.same(starts(matched(at(0, 4_000), us(4_100))), [null, 4_100]);
  t.same(starts(matched(at(0, 4_000), us(100))), [100, null]);
  t.same(starts(matched(at(0), us(5_001))), [null], 'too far away');
  t.same(starts(matched(at(10_000), us(5_000, 9_900, 15_000))), [9_900]);
  t.same(
    starts(matched(at(0, 100), us(50))).filter((x) => x !== null),
    [50],
    'once',
  );
  const cut = [{ ...us(3_000)[0]!, untilMs: 4_000, share: 0.3 }];
  t.same(starts(matched(at(0), cut)), [3_000], 'of which the beginning was talked over');
  t.same(matched([], us(1)), []);
  t.same(matched(at(1), []), [null]);
  t.end();
});

t.test('only the side that hears it can excuse a playing, by half of it', (t) => {
  const playing = { atMs: 1_000, untilMs: 5_000 };
  const lost = (fromMs: number, untilMs: number, side: 'both' | 'them' | 'us') => ({
    ...{ masks: [], durationMs: 10_000 },
    gaps: [{ atMs: fromMs, untilMs, side, why: null }],
  });
  t.equal(isExcused(playing, 'us', lost(0, 9_000, 'them')), false);
  t.equal(isExcused(playing, 'them', lost(0, 9_000, 'them')), true);
  t.equal(isExcused(playing, 'us', lost(0, 3_000, 'both')), true);
  t.equal(isExcused(playing, 'us', lost(0, 2_900, 'us')), false);
  const twice = lost(0, 2_500, 'us');
  t.equal(
    isExcused(playing, 'us', { ...twice, gaps: [...twice.gaps, ...twice.gaps] }),
    false,
    'counted once',
  );
  t.equal(isExcused(playing, 'us', { gaps: [], masks: [], durationMs: 2_000 }), true, 'after its end');
  t.equal(isExcused({ atMs: -4_000, untilMs: 0 }, 'us', { gaps: [], masks: [], durationMs: 9 }), true);
  t.end();
});
