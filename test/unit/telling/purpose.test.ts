import t from 'tap';
import { purposeSaid } from '../../../daemon/cli/doctor/announcements.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { PROMPT_KINDS } from '../../../daemon/domain/telling/prompt.js';
import { lackingPurpose, saysPurpose } from '../../../daemon/domain/telling/purpose.js';
import { LANGUAGES } from '../../../daemon/domain/telling/schema.js';
import { createOwnPrompts } from '../../../daemon/vault/prompts.js';

const NOTHING_SAYS = () => false;
const of = (region: string, more: Partial<Policy> = {}, elsewhere: [string, string][] = []) =>
  lackingPurpose(
    { ...defaultPolicy, telling: {}, ...more },
    {
      ...{ timeZone: 'UTC', region },
      elsewhere: new Map(elsewhere.map(([pbx, there]) => [pbx, { region: there, subdivision: '' }])),
    },
    NOTHING_SAYS,
  ).map(({ kind, language }) => `${kind} ${language}`);

t.test('where the law asks for who and why, what callers hear has to say so', async (t) => {
  t.same(of('GB'), ['announce en']);
  t.same(of('DE'), ['ask en', 'ask de'], 'in the default language and in that of the place');
  t.same(of('DE', { telling: { language: 'de' } }), ['ask de']);
  t.same(of('US'), []);
  t.same(of('US', {}, [['paris', 'FR']]), ['announce_refusal en', 'announce_refusal fr'], 'a PBX elsewhere');
  t.same(of('GB', { telling: undefined as never }), [], 'Tapedeck tells nobody');
  const rule = { name: 'Ask', reason: '', when: {}, outcome: 'ask' as const };
  t.same(of('GB', { record: [rule] }), ['announce en', 'ask en'], 'a rule may ask for more');
  const languages = [{ when: {}, language: 'es' as const }];
  t.same(of('GB', { telling: { languages } }), ['announce en', 'announce es']);
  const own = { id: 'GB', least: 'announce' as const, purpose_and_identity: false, note: 'Counsel' };
  t.same(of('GB', { telling: { overrides: [own] } }), [], 'an admin has decided otherwise');
});

t.test(
  'an announcement that is stated to say so and is in use ends the warning, also of doctor',
  async (t) => {
    const prompt = {
      ...{ hash: 'a'.repeat(64), kind: 'announce' as const, language: 'en' as const, name: 'Ours', text: '' },
      ...{ bytes: 9, durationMs: 9, addedAt: 1, addedBy: 'ada', active: true, saysPurpose: true },
    };
    const doctor = (uploaded: (typeof prompt)[]) =>
      purposeSaid({
        config: () => ({ site: { time_zone: 'UTC', region: 'GB' }, pbxes: [] }),
        catalogue: async () => ({
          policy: { newest: async () => ({ policy: { ...defaultPolicy, telling: {} } }) },
          prompts: { list: async () => uploaded },
        }),
      } as never);
    t.same(await doctor([prompt]), []);
    for (const without of [[], [{ ...prompt, active: false }], [{ ...prompt, saysPurpose: false }]])
      t.match(await doctor(without), [{ state: 'warn', says: /These do not: announce \(en\)/ }]);
    t.notOk(saysPurpose([prompt])({ kind: 'ask', language: 'en' }), 'another prompt');
  },
);

t.test('a sentence is offered for each prompt, with what is to be filled in and the key', async (t) => {
  const { offered } = createOwnPrompts();
  for (const language of LANGUAGES)
    for (const kind of PROMPT_KINDS) {
      const text = offered(kind, language, '9');
      t.equal(text.match(/\[[^\]]+\]/g)?.length, 2, text);
      t.equal(text.includes('9'), kind !== 'announce', text);
      t.notMatch(offered(kind, language, '*'), /\*/, 'a key that a voice can say');
    }
});
