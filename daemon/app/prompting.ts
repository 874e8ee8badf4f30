import type { InformDeps } from '../calls/record/inform.js';
import { entryOf, TAPEDECK } from '../domain/assurance/audit.js';
import { policyChanges } from '../domain/policy/policy-changes.js';
import { createPromptServer } from '../pbx/prompt-server.js';
import { createPrompts } from '../pbx/prompts.js';
import { askConsent } from '../pbx/telling.js';
import { createOwnPrompts, createPromptFiles, type PromptAudio } from '../vault/prompts.js';
import type { Base, Links, Parts, PbxBase, Prompting } from './parts.js';

/** A prompt that was brought to a PBX is not looked for again within this time, in ms. */
const KEPT_MS = 60_000;

export function createPrompting({ config, dir }: Base): Prompting {
  const { prompt_address: base, prompt_host: host } = config.telling;
  return {
    own: createOwnPrompts(),
    uploaded: createPromptFiles(dir),
    server: base === '' ? null : createPromptServer({ host, port: Number(new URL(base).port), base }),
  };
}

/** What telling the people of one PBX's calls needs. */
export function createInforming(
  { clock }: Base,
  { prompting: { own, uploaded, server }, data: { catalogue } }: Parts,
  { section, log }: PbxBase,
  { ari, hearKeys }: Links,
): Pick<InformDeps, 'whispers' | 'promptFor' | 'hearKeys' | 'consentOf'> {
  const prompts = createPrompts({
    ...{ spool: section.spool, hasStored: ari.hasStored, server },
    log: log.child({ part: 'prompts' }),
  });
  const offered = new Map<string, { media: string; at: number }>();

  async function offer(hash: string, files: () => Promise<PromptAudio['files']>): Promise<string> {
    const known = offered.get(hash);
    if (known && Math.abs(clock() - known.at) < KEPT_MS) return known.media;
    offered.delete(hash);
    const { wav, wav16 } = await files();
    const media = await prompts.offer({ hash, wav: Buffer.from(wav), wav16: Buffer.from(wav16) });
    offered.set(hash, { media, at: clock() });
    return media;
  }

  return {
    whispers: ari,
    hearKeys,
    consentOf: (leg) => askConsent(ari.variable, leg, clock()),
    async promptFor({ mode, language, key }) {
      const kind = mode === 'beep' ? null : mode;
      const upload = kind && (await catalogue.prompts.active(kind, language));
      if (upload) {
        const { hash, name, durationMs, saysPurpose } = upload;
        const media = await offer(hash, async () => ({
          wav: await uploaded.read(hash, 'wav'),
          wav16: await uploaded.read(hash, 'wav16'),
        }));
        const played = { kind, language, hash, name, durationMs, ...(saysPurpose && { saysPurpose }) };
        return { played, prompt: { media, durationMs } };
      }
      const { hash, files, durationMs } = kind ? own.of(kind, language, key) : own.beep();
      const media = await offer(hash, async () => files);
      return { played: { kind, language, hash, name: '', durationMs }, prompt: { media, durationMs } };
    },
  };
}

/** A new box announces calls from its first one on, unless its configuration says otherwise. From then on the policy decides. */
export async function announceFromTheStart(
  { config, clock }: Base,
  { data: { catalogue } }: Parts,
): Promise<void> {
  const { policy, version } = await catalogue.policy.newest();
  const isNew = version === 0 && (await catalogue.calls.list({ limit: 1 })).length === 0;
  if (!config.telling.from_the_start || !isNew) return;
  const first = { ...policy, telling: {} };
  await catalogue.audited<number>(
    (made) => [
      entryOf(TAPEDECK, clock(), 'policy_change', {
        ...{ object: 'policy', object_id: String(made) },
        detail: { changes: policyChanges(policy, first) },
      }),
    ],
    (c) => c.policy.save(first, 'Tapedeck', clock(), version),
  );
}
