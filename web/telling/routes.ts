import { Readable } from 'node:stream';
import { siteOfPbx } from '../../daemon/domain/days.js';
import { FIRST, type PbxId } from '../../daemon/domain/pbx.js';
import { DEFAULT_MODE, decideTelling, rulingsOf } from '../../daemon/domain/telling/decide.js';
import { placeOfPbx } from '../../daemon/domain/telling/decide-notice.js';
import { DEFAULT_KEYS, PROMPT_KINDS } from '../../daemon/domain/telling/prompt.js';
import { lackingPurpose, saysPurpose } from '../../daemon/domain/telling/purpose.js';
import { LANGUAGES, type Telling } from '../../daemon/domain/telling/schema.js';
import { createOwnPrompts, createPromptFiles } from '../../daemon/vault/prompts.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers, pbxOf, streamed } from '../server/answers.js';
import { ErrorView } from '../server/schemas.js';
import type { App } from '../server/types.js';
import {
  ActivePromptBody,
  NOT_ADVICE,
  PROMPT_BODY_BYTES,
  PromptAdded,
  PromptBody,
  PromptParams,
  PromptsView,
  SpeechBody,
  Spoken,
  TellingTestBody,
  TellingTestView,
  TellingView,
} from './schemas.js';
import { promptView, wouldTellView } from './views.js';

type Deps = Needs<'ask' | 'dataDir' | 'site', 'policy.newest' | 'prompts.list'>;

/** How people are told that their calls are recorded, and what they hear. */
export function tellingRoutes(app: App, { catalogue, ask, dataDir, site }: Deps): void {
  const own = createOwnPrompts();
  const files = createPromptFiles(dataDir);
  const newest = async (): Promise<{ version: number; telling: Telling; tells: boolean }> => {
    const { version, policy } = await catalogue.policy.newest();
    return { version, telling: policy.telling ?? {}, tells: policy.telling !== undefined };
  };
  const placeOf = (telling: Telling, pbx: PbxId = FIRST) => placeOfPbx(siteOfPbx(site, pbx), telling);
  const keysOf = ({ refuse_key, agree_key }: Telling) => ({
    refuse_key: refuse_key ?? DEFAULT_KEYS.refuse_key,
    agree_key: agree_key ?? DEFAULT_KEYS.agree_key,
  });
  const ownOf = (telling: Telling) =>
    PROMPT_KINDS.flatMap((kind) =>
      LANGUAGES.map((language) => {
        const { refuse_key, agree_key } = keysOf(telling);
        return { kind, language, prompt: own.of(kind, language, kind === 'ask' ? agree_key : refuse_key) };
      }),
    );
  const rules = { nothing: "rules, and nobody's calls" };

  app.get(
    '/telling',
    {
      config: { access: 'oversee', audit: rules },
      schema: {
        tags: ['policy'],
        summary: 'How people are told that a call is recorded',
        description: `The default and, by jurisdiction, what is known of the law: with source, date and confidence. ${NOT_ADVICE}`,
        response: answers(TellingView),
      },
    },
    async () => {
      const { version, telling, tells } = await newest();
      return {
        notice: NOT_ADVICE,
        policy_version: version,
        tells,
        mode: telling.mode ?? DEFAULT_MODE,
        silent_confirmed: telling.silent_confirmed === true,
        site: placeOf(telling),
        elsewhere: [...(site.elsewhere ?? [])].map(([pbx, place]) => ({ pbx, ...place })),
        ...keysOf(telling),
        jurisdictions: rulingsOf(telling),
      };
    },
  );

  app.post(
    '/telling/test',
    {
      config: { access: 'oversee', audit: { nothing: 'it asks what would be, and changes nothing' } },
      schema: {
        tags: ['policy'],
        summary: 'How people would be told',
        description: `On a call with this number, by the policy in force. A number hints at a place; it is no location. ${NOT_ADVICE}`,
        body: TellingTestBody,
        response: answers(TellingTestView),
      },
    },
    async ({ body }) => {
      const { telling, tells } = await newest();
      if (!tells) return { notice: NOT_ADVICE, telling: null };
      const decided = decideTelling({
        ...{ telling, wanted: body.mode, site: placeOf(telling, pbxOf(body)) },
        numbers: body.number === undefined ? [] : [body.number],
      });
      return { notice: NOT_ADVICE, telling: wouldTellView(decided) };
    },
  );

  app.get(
    '/prompts',
    {
      config: { access: 'oversee', audit: rules },
      schema: {
        tags: ['policy'],
        summary: 'The prompts that people hear',
        description: 'By kind and language: the one that Tapedeck comes with, and those that were uploaded.',
        response: answers(PromptsView),
      },
    },
    async () => {
      const uploaded = await catalogue.prompts.list();
      const { policy } = await catalogue.policy.newest();
      const telling = policy.telling ?? {};
      const lacking = lackingPurpose(policy, site, saysPurpose(uploaded));
      const { refuse_key, agree_key } = keysOf(telling);
      return {
        prompts: ownOf(telling).map(({ kind, language, prompt }) => {
          const these = uploaded.filter((p) => p.kind === kind && p.language === language);
          const { hash, text, durationMs } = prompt;
          return {
            ...{ kind, language },
            own: { hash, text, duration_ms: durationMs, active: !these.some(({ active }) => active) },
            uploaded: these.map(promptView),
            offered: own.offered(kind, language, kind === 'ask' ? agree_key : refuse_key),
            lacks_purpose: lacking.some((one) => one.kind === kind && one.language === language),
          };
        }),
      };
    },
  );

  app.post(
    '/prompts',
    {
      config: { access: 'settings', audit: 'prompt_add' },
      bodyLimit: PROMPT_BODY_BYTES + 65_536,
      schema: {
        tags: ['policy'],
        summary: 'Upload a prompt',
        description:
          'It is brought to -16 LUFS and kept by its hash. Nobody hears it before it is activated.',
        body: PromptBody,
        response: answers(PromptAdded),
      },
    },
    async (request) => ask('add_prompt', { by: signed(request), ...request.body }),
  );

  app.post(
    '/prompts/speech',
    {
      config: { access: 'settings', audit: { nothing: 'whoever typed it hears it, and nothing is kept' } },
      schema: {
        tags: ['policy'],
        summary: 'Have a sentence spoken',
        description:
          'By espeak-ng, to listen to it and then upload it as a prompt. Nothing is kept. `speech_missing`: it is not installed.',
        body: SpeechBody,
        response: answers(Spoken),
      },
    },
    async (request) => ask('speak_prompt', { by: signed(request), ...request.body }),
  );

  app.put(
    '/prompts/active',
    {
      config: { access: 'settings', audit: 'prompt_activate' },
      schema: {
        tags: ['policy'],
        summary: 'Choose the prompt that people hear',
        description:
          'Of a kind and language, from the next call on. `hash` null: the one that Tapedeck comes with. Needs a proof of the last ten minutes.',
        body: ActivePromptBody,
        response: answers(ActivePromptBody),
      },
    },
    async (request) => {
      const { kind, language, hash } = request.body;
      await ask('activate_prompt', { by: signed(request), kind, language, hash });
      return { kind, language, hash };
    },
  );

  app.get(
    '/prompts/:hash/audio',
    {
      config: { access: 'settings', audit: { nothing: 'it is played to every caller' } },
      schema: {
        tags: ['policy'],
        summary: 'Listen to a prompt',
        description: 'A wav file of 16 kHz.',
        params: PromptParams,
        response: { 200: streamed('The prompt.', 'audio/wav'), default: ErrorView },
      },
    },
    async ({ params: { hash } }, reply) => {
      const mine = ownOf((await newest()).telling).find(({ prompt }) => prompt.hash === hash);
      const bytes = mine?.prompt.files.wav16 ?? (await files.read(hash, 'wav16'));
      reply.header('content-length', bytes.length).type('audio/wav');
      return reply.send(Readable.from([Buffer.from(bytes)])) as never;
    },
  );
}
