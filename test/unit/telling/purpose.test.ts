import t from 'tap';
import { purposeSaid } from '../../../daemon/cli/doctor/announcements.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import type { CoverageStatus } from '../../../daemon/domain/recording/recording.js';
import { consentPart } from '../../../daemon/domain/telling/ledger.js';
import type { Notice, Played } from '../../../daemon/domain/telling/notice.js';
import { PROMPT_KINDS } from '../../../daemon/domain/telling/prompt.js';
import { lackingPurpose, saysPurpose } from '../../../daemon/domain/telling/purpose.js';
import { LANGUAGES } from '../../../daemon/domain/telling/schema.js';
import { type PurposeResult, purposeHeard } from '../../../daemon/domain/telling/told.js';
import { createOwnPrompts } from '../../../daemon/vault/prompts.js';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { aCall } from '../../support/recordings/a-call.js';

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

t.test('a call knows whether those who were told heard who records, and what for', async (t) => {
  const law = { ...aNotice('A'), purposeAndIdentity: true };
  const playing = (saysPurpose: boolean, more: Partial<Played> = {}): Played => {
    const { prompt, ...rest } = aPlaying('A');
    return {
      ...rest,
      prompt: { ...prompt, ...(saysPurpose && { saysPurpose }) },
      seq: 1,
      found: null,
      ...more,
    };
  };
  const cases: [string, Notice, Played[], PurposeResult, CoverageStatus?][] = [
    ['said', law, [playing(true)], 'said'],
    ['not said', law, [playing(false)], 'unsaid'],
    ['not said to who came later', law, [playing(true), playing(false)], 'unsaid'],
    [
      'one that was cut short tells nobody anything',
      law,
      [playing(true), playing(false, { whole: false })],
      'said',
    ],
    ['nobody heard it', law, [playing(false, { heardBy: [] })], 'none'],
    ['a tone says nothing', law, [playing(false, { what: 'beep' })], 'none'],
    ['of the dialplan we do not know', law, [playing(false, { what: 'dialplan' })], 'none'],
    ['no law asks for it', aNotice('A'), [playing(false)], 'none'],
    ['it was destroyed', law, [playing(false)], 'none', 'declined'],
    ['its recording is being made', law, [playing(false)], 'unsaid', 'pending'],
  ];
  for (const [what, { purposeAndIdentity }, played, wanted, coverage = 'recorded'] of cases)
    t.equal(purposeHeard({ purposeAndIdentity, played, coverage }), wanted, what);

  const signed = (notice: Notice, played: Played[]) =>
    consentPart({
      ...{ call: aCall('A'), decision: null, told: { notice, played, directives: [] } },
      coverage: { status: 'recorded', why: null, rule: null, missingMs: 0 },
    });
  t.match(signed(law, [playing(true)]), {
    notice: { purpose_and_identity: true },
    played: [{ prompt: { says_purpose: true } }],
  });
  const without = JSON.stringify(signed(aNotice('A'), [playing(false)]));
  t.notMatch(without, /purpose/, 'what was signed before this was kept is signed alike');
});

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
