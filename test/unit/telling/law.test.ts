import t from 'tap';
import { Value } from 'typebox/value';
import { directed } from '../../../daemon/domain/call/directive.js';
import { askedOf, courseOf } from '../../../daemon/domain/policy/course.js';
import { imagine } from '../../../daemon/domain/policy/imagined.js';
import { decideRecord, defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { decideTelling, rulingsOf } from '../../../daemon/domain/telling/decide.js';
import { GDPR_COUNTRIES, JURISDICTIONS } from '../../../daemon/domain/telling/jurisdictions.js';
import { isStrict } from '../../../daemon/domain/telling/notice.js';
import { nobodyTold, step } from '../../../daemon/domain/telling/plan.js';
import {
  answersByKey,
  Jurisdiction,
  LONGEST_BEEP_S,
  MODES,
  type Override,
  strictness,
  type Telling,
} from '../../../daemon/domain/telling/schema.js';

const place = (id: string) => ({ region: id.slice(0, 2), subdivision: id.slice(3) });
const confirmed: Telling = { silent_confirmed: true };

t.test('every jurisdiction has what it asks for, and where that was read', async (t) => {
  for (const j of JURISDICTIONS) {
    t.same([...Value.Errors(Jurisdiction, j)], [], j.id);
    t.same(Object.keys(j).sort(), Object.keys(Jurisdiction.properties).sort(), j.id);
    t.ok(j.notice || !(j.prior_consent || j.objection || j.purpose_and_identity), `${j.id}: nobody is told`);
    t.ok(j.objection || !j.prior_consent, `${j.id}: people who have to agree may refuse`);
    t.ok(!j.notice || j.rule !== 'one_party', j.id);
    t.ok(j.confidence === 'low' || !/not verified|text was not read/i.test(`${j.source}`), j.id);
    t.notMatch(JSON.stringify(j), /64\.501/, 'a repealed rule is not cited');
  }
  t.same(
    JURISDICTIONS.filter(({ purpose_and_identity: said }) => said).map(({ id }) => id),
    ['CA', 'DE', 'DK', 'ES', 'EU', 'FR', 'GB'],
  );
  const ids = JURISDICTIONS.map(({ id }) => id);
  t.equal(new Set(ids).size, ids.length);
  t.equal(ids.filter((id) => id.startsWith('US-')).length, 51, 'fifty states and the District of Columbia');
  t.equal(GDPR_COUNTRIES.length, 30);
});

t.test('what a place asks for is done in every mode, by its law and by the rules of an admin', async (t) => {
  const them = { id: 'them', party: { number: '', name: '', ours: false }, endpoint: 'them' };
  const legs = [{ ...them, seenAt: 0, upAt: 1, goneAt: null }];
  const facts = imagine({ direction: 'in' }, 0, { timeZone: 'UTC', region: '' });
  const recorded = decideRecord({ ...defaultPolicy, record: [] }, facts);
  const own = MODES.flatMap((least) =>
    ['JP', 'US-CT', 'US-WA', 'DE', 'unknown'].map((id): Override => ({ id, least, note: 'Counsel' })),
  );
  const laws = [
    ...JURISDICTIONS.map(({ id }): { id: string; telling: Telling } => ({ id, telling: confirmed })),
    ...own.map((override) => ({ id: override.id, telling: { ...confirmed, overrides: [override] } })),
  ];
  const faults: string[] = [];
  for (const { id, telling } of laws)
    for (const wanted of MODES)
      for (const agreed of [false, true]) {
        const site = place(id === 'unknown' ? '' : id);
        const made = decideTelling({ telling, wanted, numbers: [], site, agreed });
        const { mode, beepSeconds, promptInRecording, purposeAndIdentity } = made;
        const spoken = strictness(mode) >= strictness('announce');
        const { course } = courseOf(recorded, null, directed([], legs), askedOf(legs, made.statedIsEnough), {
          mode,
          strict: isStrict(made),
          told: false,
          failed: null,
          askedSince: 0,
          there: true,
        });
        const [played] = step(nobodyTold('us'), {
          ...{ kind: 'present', at: 0, captured: 'us', others: ['them'] },
        }).effects;
        const ids = made.jurisdictions.map((one) => one.id);
        for (const law of rulingsOf(telling).filter((one) => ids.includes(one.id)))
          for (const [asksFor, done] of Object.entries({
            notice: !law.notice || (mode !== 'silent' && isStrict(made)),
            a_prompt: !spoken || (played?.do === 'play' && played.leg === 'them'),
            prior_consent: !law.prior_consent || agreed || (mode === 'ask' && course === 'stop'),
            objection: !law.objection || agreed || answersByKey(mode),
            no_tone: !law.notice || law.beep_seconds !== null || spoken,
            tone: mode !== 'beep' || beepSeconds! <= (law.beep_seconds ?? LONGEST_BEEP_S),
            prompt_in_recording: !law.prompt_in_recording || promptInRecording || !spoken,
            purpose_and_identity: !law.purpose_and_identity || purposeAndIdentity || !spoken,
          }))
            if (!done)
              faults.push(`${law.id} asks for ${asksFor}: ${id} ${wanted} ${agreed} is told ${mode}`);
      }
  t.same(faults, []);
});

t.test('an admin may find that purpose and identity need not be said, or that they do', async (t) => {
  const said = (id: string, purpose_and_identity?: boolean) =>
    decideTelling({
      wanted: 'announce',
      numbers: [],
      site: place(id),
      telling: {
        overrides: [
          {
            id,
            least: 'announce',
            note: 'Counsel',
            ...(purpose_and_identity !== undefined && { purpose_and_identity }),
          },
        ],
      },
    }).purposeAndIdentity;
  t.equal(said('GB'), true);
  t.equal(said('GB', false), false);
  t.equal(said('AU'), false);
  t.equal(said('AU', true), true);
});
