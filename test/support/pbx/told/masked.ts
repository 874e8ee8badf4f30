import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { bytesOf } from '../../files/bytes-of.js';
import { seconds, until } from '../../recorder.js';
import { amplitude, rmsDb } from '../../recordings/audio.js';
import { SIGNAL, tellingLab } from './lab.js';

/** What a caller types while a call is masked. */
const CARD = '4929123456781234';
/** On a build whose snoops fall silent when a source changes, a mask has to outlast the cure of that, which comes within 8 s. In s. */
const LONG = process.env.PROOFS === 'full' ? 60 : 20;
/** So near to its ends a mask is not looked at, in s. */
const EDGE = 0.4;
/** So much is captured before a mask begins, in s: on a busy machine a capture may begin late. */
const HEARD = 1.5;
/** In s. */
const STRETCH = 0.2;

/** Masked calls of a whole recorder of their own: what is written of them, over transfers and crashes. */
export async function maskAll(t: Test, version: 22 | 16): Promise<void> {
  const made = await tellingLab(t, version, 'masked');
  if (!made) return;
  const lab = made;
  const { phones, recorder, api, talk, ended } = lab;
  let callers = 0;
  const caller = () => `+1646555${String(2_000 + callers++)}`;
  const direct = (id: string, kind: 'mask' | 'resume') => api.json('POST', `/calls/${id}/${kind}`, {});
  /** Masks a call of which enough is captured to be heard. */
  async function mask(id: string): Promise<void> {
    await until('enough is captured', async () => {
      const [first] = await lab.catalogue.segments.of(id);
      const { inStartedAt, outStartedAt } = first ?? {};
      return inStartedAt && outStartedAt && Date.now() - Math.max(inStartedAt, outStartedAt) > HEARD * 1_000;
    });
    await direct(id, 'mask');
  }

  /** The caller is heard before and after the mask, and neither side in it. */
  async function masked(t: Test, number: string, atLeast: number): Promise<void> {
    const call = await ended(number);
    t.match(call, { recording: { state: 'sealed' } });
    type Masks = { recording: { masks: { at_ms: number; until_ms: number; kind: string }[] } };
    const [mask] = (await api.json<Masks>('GET', `/calls/${call.id}`)).recording.masks;
    const [from, to] = [mask!.at_ms / 1000, mask!.until_ms / 1000];
    t.ok(to - from >= atLeast, `masked for ${(to - from).toFixed(1)} s`);
    const { them, us } = await lab.recording(call.id);
    const part = (side: Float32Array, a: number, b: number) => side.subarray(a * 8_000, b * 8_000);
    for (const [who, side] of Object.entries({ them, us }))
      t.ok(rmsDb(part(side, from + EDGE, to - EDGE)) < -70, `nothing of ${who} is heard in it`);
    // A PBX that is short of processor time drops some audio: the loudest stretch counts.
    const hears = (a: number, b: number): number => {
      const begins = Array.from(
        { length: Math.max(0, Math.floor((b - a) / STRETCH)) },
        (_, n) => a + n * STRETCH,
      );
      return Math.max(0, ...begins.map((at) => amplitude(part(them, at, at + STRETCH), SIGNAL, 8_000)));
    };
    const before = hears(Math.max(0, from - HEARD), from - EDGE);
    t.ok(before > 0.01, `the caller is heard before it, at ${from.toFixed(2)} s (${before.toFixed(4)})`);
    const after = hears(to + EDGE, them.length / 8_000 - 0.1);
    t.ok(after > 0.01, `and after it, from ${to.toFixed(2)} s (${after.toFixed(4)})`);
  }

  /** Files of this Tapedeck with the digits of the card: data, catalogue, journals, logs. */
  const withDigits = (): string[] =>
    [dirname(recorder.config), recorder.dataDir].flatMap((dir) =>
      readdirSync(dir, { recursive: true, encoding: 'utf8' })
        .map((name) => join(dir, name))
        .filter((path) => bytesOf(path)?.includes(CARD)),
    );

  t.test('transferred while it is masked: nothing is written, on no side, until it ends', async (t) => {
    await lab.policy({ telling: undefined });
    const number = caller();
    const { id, out, atAnn } = await talk(number);
    await mask(id);
    await out.dtmf(CARD);
    const cy = await phones.phone('102', { source: lab.speaker });
    t.equal(await atAnn.refer('102'), 200);
    await (await cy.incoming()).answered;
    await out.listen(2);
    await direct(id, 'resume');
    await out.listen(2.5);
    await out.hangup();
    await masked(t, number, 3);
    t.same(withDigits(), [], 'the digits are nowhere');
  });

  t.test('killed while it is masked: it stays masked', async (t) => {
    const number = caller();
    const { id, out } = await talk(number);
    await mask(id);
    await seconds(0.5);
    await recorder.stopDaemon('SIGKILL');
    await recorder.startDaemon();
    await out.listen(2);
    t.equal((await lab.catalogue.directives.of(id)).at(-1)?.kind, 'mask');
    await until('the recorder takes it up', async () => {
      const now = await api.call(id).catch(() => null);
      return now?.state === 'live';
    });
    await direct(id, 'resume');
    await out.listen(2.5);
    await out.hangup();
    await masked(t, number, 2);
  });

  if (version === 22)
    t.test('a long mask is not taken for a mute, and nothing is begun anew in it', async (t) => {
      const number = caller();
      const { id, out } = await talk(number);
      await mask(id);
      const before = (await lab.catalogue.segments.of(id)).length;
      await out.listen(LONG);
      t.equal((await lab.catalogue.segments.of(id)).length, before, 'one capture');
      await direct(id, 'resume');
      await out.listen(2.5);
      await out.hangup();
      await masked(t, number, LONG);
    });
}
