import * as fc from 'fast-check';
import t from 'tap';
import { Value } from 'typebox/value';
import { imagine } from '../../../daemon/domain/policy/imagined.js';
import { defaultPolicy, Policy } from '../../../daemon/domain/policy/policy.js';
import { policyChanges } from '../../../daemon/domain/policy/policy-changes.js';
import { decideTelling, jurisdictionsOf, rulingsOf } from '../../../daemon/domain/telling/decide.js';
import { decideNotice } from '../../../daemon/domain/telling/decide-notice.js';
import { JURISDICTIONS } from '../../../daemon/domain/telling/jurisdictions.js';
import { languageOf } from '../../../daemon/domain/telling/language.js';
import { regionOf } from '../../../daemon/domain/telling/region.js';
import { MODES, type Mode, strictness, type Telling } from '../../../daemon/domain/telling/schema.js';
import { runs } from '../../support/search/share-of-search.js';

const place = (id: string) => ({ region: id.slice(0, 2), subdivision: id.slice(3) });
const decide = (wanted: Mode | undefined, number: string | null, site: string, telling: Telling = {}) =>
  decideTelling({ telling, wanted, numbers: number === null ? [] : [number], site: place(site) });
const [SEATTLE, HARTFORD, DALLAS, DETROIT, VEGAS] = [
  '+12065550100',
  '+18605550100',
  '+12145550100',
  '+13135550100',
  '+17025550100',
];
const confirmed: Telling = { silent_confirmed: true };

t.test('a number hints at its country, and at its state by its area code', async (t) => {
  const newer = '227 235 324 327 350 353 472 557 645 686 730 738 748 821 835 975 983'.split(' ');
  const states = 'MD MO FL AR CA WI NC MO FL VA IL CA CO SC PA MO CO'.split(' ');
  t.same(
    newer.map((code) => regionOf(`+1${code}5550100`, '').subdivision),
    states,
  );
  for (const [number, site, expected] of [
    [SEATTLE, 'GB', 'US-WA'],
    ['(206) 555-0100', 'US', 'US-WA'],
    ['2065550100', 'US', 'US-WA'],
    ['+1 416 555 0100', 'US', 'CA-ON'],
    ['+1 902 420 0100', 'US', 'CA-'],
    ['+18005550100', 'US', '-'],
    ['+18885550100', 'US', '-'],
    ['+49 30 901820', 'US', 'DE-'],
    ['020 7946 0958', 'GB', 'GB-'],
    ['+1 787 220 0100', 'US', 'PR-'],
    ['', 'US', '-'],
    ['anonymous', 'US', '-'],
    ['101', 'US', '-'],
  ] as const)
    t.same(
      regionOf(number, site),
      { region: expected.split('-')[0], subdivision: expected.split('-')[1] },
      number,
    );
});

t.test('the law of the number and that of the site decide', async (t) => {
  t.equal(decide(undefined, DALLAS, 'US-TX').mode, 'announce', 'announcing is the default everywhere');
  t.equal(decide('silent', DALLAS, 'US-TX', confirmed).mode, 'silent');
  t.equal(decide('silent', DALLAS, 'US-TX').mode, 'announce', 'nobody has confirmed it');
  t.match(decide('silent', DALLAS, 'US-TX').because, [{ code: 'rule' }, { code: 'silent_not_confirmed' }]);
  t.equal(decide('silent', SEATTLE, 'US-TX', confirmed).mode, 'announce');
  t.equal(decide('silent', DALLAS, 'US-WA', confirmed).mode, 'announce', 'the site counts too');
  t.equal(
    decide('silent', DALLAS, 'US', confirmed).mode,
    'announce',
    'nobody has said in which state the site is',
  );
  t.equal(decide('silent', '', 'US-TX', confirmed).mode, 'announce', 'a hidden number is treated strictly');
  t.equal(decide('silent', null, 'US-TX', confirmed).mode, 'silent', 'an internal call has no outside party');
  t.equal(
    decide('silent', '+33 1 40 20 50 50', 'US-TX', confirmed).mode,
    'announce_refusal',
    'whoever objects in France must be able to',
  );
  t.equal(decide('silent', '+81 3 3580 3311', 'US-TX', confirmed).mode, 'announce', 'Japan is not listed');
  t.equal(decide(undefined, '+49 30 901820', 'GB').mode, 'ask', 'in Germany being told is not enough');
  t.equal(decide('announce', DALLAS, 'DE').mode, 'ask');
  t.equal(decide('announce_refusal', DALLAS, 'US-TX').mode, 'announce_refusal', 'a rule may ask for more');
  t.equal(decide(undefined, DALLAS, 'US-TX', { mode: 'ask' }).mode, 'ask');
  const { because, jurisdictions } = decide(undefined, SEATTLE, 'GB');
  t.same(because, [
    { code: 'default', mode: 'announce' },
    { code: 'jurisdiction', id: 'US', from: 'number', needs: 'silent' },
    { code: 'jurisdiction', id: 'US-WA', from: 'number', needs: 'announce' },
    { code: 'jurisdiction', id: 'GB', from: 'site', needs: 'announce' },
  ]);
  t.ok(jurisdictions.every(({ asOf, overridden }) => /^\d{4}-/.test(asOf) && !overridden));
});

t.test('what a place wants besides: the prompt in the recording, and tones at a distance', async (t) => {
  t.ok(decide(undefined, SEATTLE, 'US-TX').promptInRecording);
  t.ok(decide(undefined, '', 'US-TX').promptInRecording);
  t.notOk(decide(undefined, DALLAS, 'US-TX').promptInRecording);
  t.match(decide('beep', HARTFORD, 'US-TX'), { mode: 'beep', beepSeconds: 15, promptInRecording: false });
  t.match(decide('beep', HARTFORD, 'US-TX', { beep_seconds: 30 }), { beepSeconds: 15 });
  t.match(decide('beep', HARTFORD, 'US-TX', { beep_seconds: 10 }), { beepSeconds: 10 });
  t.match(decide('beep', DALLAS, 'US-TX', { beep_seconds: 30 }), { beepSeconds: 30 });
  t.match(
    decide('beep', SEATTLE, 'US-TX'),
    { mode: 'announce', beepSeconds: null },
    'a beep is not enough there',
  );
  t.match(decide('silent', VEGAS, 'US-TX', confirmed), { mode: 'announce' });
  t.match(decide('silent', DETROIT, 'US-TX', confirmed), { mode: 'announce' }, 'where courts disagree');
  for (const [number, mode] of [
    ['+4532123456', 'ask'],
    ['+41443321234', 'announce'],
    ['+16082223333', 'announce'],
  ] as const)
    t.match(decide('silent', number, 'US-TX', confirmed), { mode }, number);
});

t.test("an admin's own reading stands in for ours, says so, and never frees what is not known", async (t) => {
  const own = (id: string, least: Mode): Telling => ({
    ...confirmed,
    overrides: [{ id, least, note: 'Counsel' }],
  });
  t.match(decide('silent', SEATTLE, 'US-TX', own('US-WA', 'silent')), {
    mode: 'silent',
    jurisdictions: [
      { id: 'US' },
      { id: 'US-WA', overridden: true },
      { id: 'US' },
      { id: 'US-TX', overridden: false },
    ],
  });
  t.equal(decide(undefined, DALLAS, 'US-TX', own('US-TX', 'ask')).mode, 'ask');
  t.equal(
    decide(undefined, '+81 3 3580 3311', 'US-TX', own('JP', 'ask')).mode,
    'ask',
    'one that we do not list',
  );
  t.equal(decide('silent', '', 'US-TX', own('unknown', 'silent')).mode, 'announce');
  t.ok(rulingsOf(own('JP', 'beep')).some(({ id, nuance }) => id === 'JP' && nuance === 'Counsel'));
});

const mode = fc.constantFrom(...MODES);
const someplace = fc.constantFrom(...JURISDICTIONS.map(({ id }) => id), 'JP', 'FR', '');
const someNumber = fc.oneof(
  fc.constantFrom(
    SEATTLE,
    HARTFORD,
    DALLAS,
    DETROIT,
    VEGAS,
    '',
    'anonymous',
    '+18005550100',
    '+49 30 901820',
    null,
  ),
  fc.integer({ min: 2_000_000_000, max: 9_999_999_999 }).map((n) => `+1${n}`),
);
const telling: fc.Arbitrary<Telling> = fc.record(
  {
    mode,
    silent_confirmed: fc.boolean(),
    beep_seconds: fc.integer({ min: 5, max: 60 }),
    overrides: fc.array(
      fc.record({
        id: fc.constantFrom('US', 'US-WA', 'US-TX', 'DE', 'JP', 'unknown'),
        least: mode,
        note: fc.constant('x'),
      }),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
);

t.test('a decision is never less strict than any jurisdiction, nor than what was asked for', async () => {
  fc.assert(
    fc.property(
      telling,
      fc.option(mode, { nil: undefined }),
      fc.array(fc.oneof(someNumber.map((number) => number ?? '')), { maxLength: 4 }),
      someplace,
      (telling, wanted, numbers, id) => {
        const site = id === 'unknown' ? place('') : place(id);
        const made = decideTelling({ telling, wanted, numbers, site });
        const rulings = rulingsOf(telling);
        const has = (one: string) => rulings.some((r) => r.id === one);
        const ids = [
          ...new Set(numbers.flatMap((number) => jurisdictionsOf(regionOf(number, site.region), has))),
          ...jurisdictionsOf(site, has),
        ];
        const asked = wanted ?? telling.mode ?? 'announce';
        return (
          ids.every((one) => strictness(made.mode) >= strictness(rulings.find((r) => r.id === one)!.least)) &&
          ids.join() === made.jurisdictions.map((j) => j.id).join() &&
          strictness(made.mode) >= strictness(asked) &&
          (made.mode !== 'silent' || telling.silent_confirmed === true) &&
          (made.beepSeconds !== null) === (made.mode === 'beep')
        );
      },
    ),
    { numRuns: runs(3_000) },
  );
});

t.test('asking for more never gives less', async () => {
  fc.assert(
    fc.property(telling, mode, mode, someNumber, someplace, (given, a, b, number, id) => {
      const [less, more] = strictness(a) <= strictness(b) ? [a, b] : [b, a];
      const site = place(id === 'unknown' ? '' : id);
      const of = (wanted: Mode) =>
        strictness(
          decideTelling({
            telling: { ...given, silent_confirmed: true },
            wanted,
            numbers: [number ?? ''],
            site,
          }).mode,
        );
      return of(less) <= of(more);
    }),
    { numRuns: runs(2_000) },
  );
});

t.test('a PBX in another country is under its law, and its national numbers are of it', async (t) => {
  const elsewhere = new Map([
    ['berlin', { region: 'DE', subdivision: '' }],
    ['dallas', { region: 'US', subdivision: 'TX' }],
  ]);
  const site = { timeZone: 'UTC', region: 'US', elsewhere };
  const telling: Telling = { mode: 'silent', silent_confirmed: true, subdivision: 'WA' };
  const decided = (pbx: string, number: string) =>
    decideNotice(imagine({ direction: 'in', number, pbx }, 0, site), { telling, rule: null });
  t.match(decided('first', '512 555 0100'), { mode: 'announce', site: { region: 'US', subdivision: 'WA' } });
  t.match(decided('dallas', '512 555 0100'), { mode: 'silent', site: { region: 'US', subdivision: 'TX' } });
  t.match(decided('berlin', '030 901820'), {
    mode: 'ask',
    language: 'de',
    site: { region: 'DE', subdivision: '' },
  });
});

t.test('the language follows the call, then the number, then the site', async (t) => {
  const call = (number: string, did = '') =>
    imagine({ direction: 'in', number, extension: [], queue: '', did }, 0, { timeZone: 'UTC', region: 'GB' });
  const given: Telling = { language: 'fr', languages: [{ when: { did: ['100'] }, language: 'es' }] };
  t.equal(languageOf(given, call('+4930901820', '100')), 'es');
  t.equal(languageOf(given, call('+4930901820')), 'de');
  t.equal(languageOf({}, call('+1 514 555 0100')), 'fr');
  t.equal(languageOf(given, call('+12065550100')), 'fr');
  t.equal(languageOf({}, call('')), 'en');
});

t.test('a policy without a word on telling is still one', async (t) => {
  t.ok(Value.Check(Policy, defaultPolicy));
  const rule = { name: 'x', reason: '', when: {}, outcome: 'record' };
  t.ok(
    Value.Check(Policy, { ...defaultPolicy, telling: { mode: 'ask' }, record: [{ ...rule, tell: 'beep' }] }),
  );
  t.notOk(Value.Check(Policy, { ...defaultPolicy, record: [{ ...rule, tell: 'loudly' }] }));
  t.notOk(
    Value.Check(Policy, {
      ...defaultPolicy,
      telling: { overrides: [{ id: 'Mars', least: 'ask', note: 'x' }] },
    }),
  );
});

t.test('a change of how people are told is named, and no outsider with it', async (t) => {
  const changed = policyChanges(
    { ...defaultPolicy, telling: { mode: 'announce' } },
    {
      ...defaultPolicy,
      telling: {
        mode: 'ask',
        overrides: [{ id: 'DE', least: 'announce', purpose_and_identity: false, note: 'Counsel' }],
        languages: [{ when: { number: ['+491701234567'] }, language: 'de' }],
      },
    },
  );
  t.same(changed, [
    'telling: mode announce -> ask, overrides none -> DE announce (who and why not needed, "Counsel"), languages 0 rules -> 1 rules',
  ]);
  t.same(policyChanges({ ...defaultPolicy, telling: {} }, { ...defaultPolicy, telling: {} }), []);
  const own = { id: 'DE', least: 'announce' as const, note: 'Counsel' };
  const other = { id: 'FR', least: 'ask' as const, note: 'Ours' };
  const by = (...overrides: (typeof own | typeof other)[]) => ({ ...defaultPolicy, telling: { overrides } });
  for (const [more, text] of [
    [{ prompt_in_recording: true }, 'DE announce (prompt in the recording, "Counsel")'],
    [{ stated_is_enough: true }, 'DE announce (stated is enough, "Counsel")'],
    [{ note: 'x'.repeat(61) }, `DE announce ("${'x'.repeat(60)}…, 61 characters")`],
  ] as const)
    t.same(policyChanges(by(own, other), by({ ...own, ...more }, other)), [
      `telling: overrides DE announce ("Counsel") -> ${text}`,
    ]);
});
