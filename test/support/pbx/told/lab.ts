import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { createSqliteReader } from '../../../../daemon/catalogue/sqlite/reading/reader.js';
import { catalogueFile } from '../../../../daemon/domain/paths.js';
import type { Policy } from '../../../../daemon/domain/policy/policy.js';
import type { CallId } from '../../../../daemon/domain/recording/recording.js';
import { createOwnPrompts } from '../../../../daemon/vault/prompts.js';
import { bytesOf } from '../../files/bytes-of.js';
import { type CallView, createApiClient, createRecorderLab, until } from '../../recorder.js';
import { amplitude, decode, hear, toFloat } from '../../recordings/audio.js';
import { createLab, emptySpool, startPbxOrSkip } from '../pbx.js';
import { tone } from '../sources.js';

const PASSWORD = 'four unrelated quiet words';
/** What the callers of these calls say all the time, in Hz: it is looked for where nothing may be. */
export const SIGNAL = 1_234;

/** How a recording begins that is sealed, or plain. */
const SEALED = /^(age-encryption\.org\/v1|OggS)/;

type Prompt = { kind: 'announce' | 'announce_refusal' | 'ask'; language?: 'en' | 'es' | 'fr' | 'de' };

/**
 * A real recorder on a real PBX whose people are told as its policy says. `site` is TOML for that section. Null where this version of
 * Asterisk is not here.
 */
export async function tellingLab(t: Test, version: 22 | 16, name = 'told', site = '') {
  const started = await startPbxOrSkip(t, { version, name: `${name}-${version}` });
  if (!started) return null;
  const pbx = started;
  t.teardown(() => pbx.stop());
  emptySpool(pbx);
  const phones = createLab(pbx);
  t.afterEach(() => phones.stop());
  t.teardown(() => phones.stop());
  const dir = t.testdir({});
  const recorder = createRecorderLab({ dir, pbx, announces: true, site });
  t.teardown(() => recorder.stop());
  await recorder.startDaemon();
  const { address, setupCode } = await recorder.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, 'anna', PASSWORD);
  const catalogue = createSqliteReader({ path: catalogueFile(recorder.dataDir) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  const own = createOwnPrompts(join(import.meta.dirname, '../../../../prompts'));

  /** The samples of a prompt of Tapedeck's own, at 8 kHz. */
  function samplesOf({ kind, language = 'en' }: Prompt): Int16Array {
    const { wav } = own.of(kind, language, kind === 'ask' ? '1' : '9').files;
    return new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.length));
  }

  /** Says the signal, softly enough for a prompt to be understood over it. */
  const speaker = () => tone(SIGNAL, { amplitude: 600 });
  const lab = {
    ...{ pbx, phones, recorder, api, catalogue, address },

    /** Changes the policy; the calls that begin from then on are told by it. */
    async policy(change: Partial<Policy>): Promise<void> {
      const { version, policy } = await api.json<{ version: number; policy: Policy }>('GET', '/policy');
      await api.json('PUT', '/policy', { based_on: version, policy: { ...policy, ...change } });
    },

    /** The ledger of a call. */
    ledger: (id: CallId) => catalogue.notices.of(id),

    /** The newest call with this number, once `what` holds of it. */
    call: (number: string, what: (call: CallView) => boolean = () => true): Promise<CallView> =>
      until(`the call of ${number}`, async () =>
        (await api.calls(`&q=${encodeURIComponent(number)}`)).find(({ them, us }) =>
          [them.number, us.number].includes(number),
        ),
      ).then((found) =>
        until(`the call of ${number} to be as it has to be`, async () => {
          const now = await api.call(found.id);
          return what(now) && now;
        }),
      ),

    /** A call from outside that extension 100 answers. */
    async talk(number: string) {
      await phones.stop();
      const carrier = await phones.carrier();
      const ann = await phones.phone('100');
      const out = await carrier.call('5551000', { caller: { number }, source: speaker() });
      const atAnn = await ann.incoming();
      await atAnn.answered;
      const { id } = await lab.call(number);
      return { id, carrier, ann, out, atAnn };
    },
    /** The call has ended, and it is decided what becomes of it. */
    ended: (number: string) =>
      lab.call(number, ({ state, coverage }) => state === 'ended' && coverage.status !== 'pending'),

    /** How well a prompt is heard: the median correlation of its stretches, and the share of them that is there. */
    hearing: (what: Int16Array, prompt: Prompt) => hear(samplesOf(prompt), toFloat(what), 8_000),

    /** Whether somebody heard a whole prompt. */
    hears(t: Test, who: string, what: Int16Array, prompt: Prompt): void {
      const { correlation, share, atMs } = lab.hearing(what, prompt);
      t.comment(`${who}: ${correlation.toFixed(3)}, ${share.toFixed(2)} of it, at ${Math.round(atMs)} ms`);
      t.ok(correlation >= 0.8 && share >= 0.8, `${who} heard it whole`);
    },
    /** Both sides of a recording: `them`, `us`. */
    async recording(id: CallId): Promise<{ them: Float32Array; us: Float32Array }> {
      const { channels } = await decode(await api.audio(id), 8_000);
      return { them: channels[0]!, us: channels[1]! };
    },

    /** Files below the data directory and the spool that have the signal, or may have it since they are sealed. */
    async audioLeft(): Promise<string[]> {
      const left: string[] = [];
      for (const [where, dir] of [
        ['spool', pbx.recordingDir],
        ['data', recorder.dataDir],
      ] as const)
        for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
          const bytes = name.startsWith('tapedeck-prompt-') ? null : bytesOf(join(dir, name));
          if (!bytes) continue;
          if (SEALED.test(bytes.subarray(0, 21).toString('latin1')) || hasSignal(bytes))
            left.push(`${where}: ${name}`);
        }
      return left;
    },

    speaker,
  };
  return lab;
}

export type TellingLab = NonNullable<Awaited<ReturnType<typeof tellingLab>>>;

/** Whether bytes, read as 16-bit samples or as mu-law, have a second of the signal. */
function hasSignal(bytes: Buffer): boolean {
  const part = new Float32Array(4_000);
  for (let at = 0; at + 2 * part.length <= bytes.length; at += 2 * part.length) {
    let sum = 0;
    for (let n = 0; n < part.length; n++) {
      const sample = bytes.readInt16LE(at + 2 * n) / 32_768;
      part[n] = sample;
      sum += sample * sample;
    }
    const energy = Math.sqrt(sum / part.length);
    if (energy > 0.001 && amplitude(part, SIGNAL, 8_000) > energy) return true;
  }
  return false;
}
