import { Field } from '../kit/field.js';
import { type Choices, Select } from '../kit/select.js';
import { t } from '../messages/language.js';
import { regionName } from '../messages/numbers.js';
import { cleaned } from '../policy/conditions.js';
import { RuleList } from '../policy/rule-list.js';
import { typedInto } from '../policy/typed.js';
import type { Policy, TellingFacts } from '../state/api.js';
import { pbxName } from '../state/pbxes.js';
import { type LanguageRule, languageForm } from './language-form.js';
import { type OverrideRule, overrideForm } from './override-form.js';

type Telling = NonNullable<Policy['telling']>;
type Mode = TellingFacts['mode'];
type Language = NonNullable<Telling['language']>;

type Props = {
  telling: Telling;
  facts: TellingFacts;
  fixed: boolean;
  change: (part: Partial<Telling>) => void;
  open: (by: number) => void;
};

const KEYS = [...'1234567890*#'];
const SHORTEST_BEEP_S = 5;
const LONGEST_BEEP_S = 60;
const DEFAULT_BEEP_S = 15;

const keysOf = ({ refuse_key: refuse = '9', agree_key: agree = '1' }: Telling) => ({ refuse, agree });

/** Whether one key would mean both yes and no. */
export function sameKeys(telling: Telling): boolean {
  const { refuse, agree } = keysOf(telling);
  return refuse === agree;
}

/** "Texas", "Germany", or "Canada (QC)". */
function placeName(region: string, state: string, { jurisdictions }: Props['facts']): string {
  const known = jurisdictions.find(({ id }) => id === `${region}-${state}`)?.name;
  return known ?? (state === '' ? regionName(region) : `${regionName(region)} (${state})`);
}

/** How Tapedeck tells people: all that the policy has of it. */
export function TellingSettings({ telling, facts, fixed, change, open }: Props) {
  const { mode = 'announce', silent_confirmed: confirmed = false, language = 'en' } = telling;
  const { refuse, agree } = keysOf(telling);
  const [beep, keepBeep] = typedInto('telling', 'beep', String(telling.beep_seconds ?? DEFAULT_BEEP_S));
  const [place, keepPlace] = typedInto('telling', 'place', telling.subdivision ?? '');
  const beepFault = beepOf(beep) === null ? t.telling.beepBad : undefined;
  const placeFault = PLACE.test(placeOf(place)) ? undefined : t.telling.subdivisionBad;
  const keyFault = sameKeys(telling) ? t.telling.sameKeys : undefined;

  const { region } = facts.site;
  const states = facts.jurisdictions
    .filter(({ id }) => region === 'US' && id.startsWith('US-'))
    .map(({ id, name }): [string, string] => [id.slice(3), name]);
  const modes = Object.entries(t.telling.modes) as [Mode, string][];
  const languages = Object.entries(t.telling.languages) as [Language, string][];
  const keys = KEYS.map((key): [string, string] => [key, key]);
  return (
    <>
      <section aria-labelledby="telling-default">
        <h2 id="telling-default">{t.telling.default}</h2>
        <p class="quiet">{t.telling.intro}</p>
        <fieldset class="telling-settings" disabled={fixed} aria-labelledby="telling-default">
          <Select
            id="telling-mode"
            label={t.telling.defaultLabel}
            value={mode}
            choices={modes}
            choose={(chosen) => change({ mode: chosen })}
          />
          {mode === 'silent' && (
            <>
              <label class="telling-check">
                <input
                  type="checkbox"
                  checked={confirmed}
                  onChange={(e) => change({ silent_confirmed: e.currentTarget.checked })}
                />{' '}
                {t.telling.confirm}
              </label>
              {!confirmed && <p class="field-help">{t.telling.unconfirmed}</p>}
            </>
          )}
          {region === '' ? (
            <p class="field-help">{t.telling.noCountry}</p>
          ) : states.length > 0 ? (
            <Select
              id="telling-place"
              label={t.telling.subdivision}
              help={t.telling.subdivisionWhy}
              value={telling.subdivision ?? ''}
              choices={[['', t.telling.noSubdivision], ...known(states, telling.subdivision)]}
              choose={(chosen) => change({ subdivision: chosen || undefined })}
              data
            />
          ) : (
            <Field
              id="telling-place"
              label={t.telling.subdivision}
              help={t.telling.subdivisionHelp({ country: regionName(region) })}
              value={place}
              maxLength={3}
              narrow
              error={placeFault}
              onInput={(text) => {
                const good = PLACE.test(placeOf(text));
                keepPlace(text, !good);
                if (good) change({ subdivision: placeOf(text) || undefined });
              }}
            />
          )}
          {facts.elsewhere.map(({ pbx, region, subdivision }) => (
            <p key={pbx} class="field-help">
              {t.telling.elsewhere({ pbx: pbxName(pbx), place: placeName(region, subdivision, facts) })}
            </p>
          ))}
          <Select
            id="telling-refuse"
            label={t.telling.refuseKey}
            value={refuse}
            choices={keys}
            choose={(key) => change({ refuse_key: key })}
            narrow
          />
          <Select
            id="telling-agree"
            label={t.telling.agreeKey}
            value={agree}
            choices={keys}
            error={keyFault}
            choose={(key) => change({ agree_key: key })}
            narrow
          />
          {mode === 'ask' && (
            <label class="telling-check">
              <input
                type="checkbox"
                checked={telling.stated_is_enough === true}
                onChange={(e) => change({ stated_is_enough: e.currentTarget.checked || undefined })}
              />{' '}
              {t.telling.own.stated}
            </label>
          )}
          <Field
            id="telling-beep"
            label={t.telling.beepEvery}
            help={t.telling.beepHelp}
            value={beep}
            inputMode="numeric"
            narrow
            error={beepFault}
            onInput={(text) => {
              const seconds = beepOf(text);
              keepBeep(text, seconds === null);
              if (seconds !== null) change({ beep_seconds: seconds });
            }}
          />
        </fieldset>
      </section>
      <section aria-labelledby="telling-speech">
        <h2 id="telling-speech">{t.telling.speech}</h2>
        <p class="quiet">{t.telling.speechNote}</p>
        <fieldset class="telling-settings" disabled={fixed} aria-labelledby="telling-speech">
          <Select
            id="telling-language"
            label={t.telling.defaultLanguage}
            value={language}
            choices={languages}
            choose={(chosen) => change({ language: chosen })}
          />
        </fieldset>
        <RuleList
          id="language"
          title={t.telling.byCall.title}
          none={t.telling.byCall.none}
          otherwise={t.telling.byCall.otherwise}
          add={t.telling.byCall.add}
          rules={(telling.languages ?? []).map(
            ({ when, language }): LanguageRule => ({
              ...{ name: t.telling.languages[language] ?? language, reason: '', when, language },
            }),
          )}
          change={(rules) => change({ languages: rules.map(({ when, language }) => ({ when, language })) })}
          sentence={({ when }) => t.telling.byCall.sentence({ when: cleaned(when) })}
          form={languageForm}
          fresh={{ name: '', reason: '', when: {}, language: language === 'es' ? 'en' : 'es' }}
          fixed={fixed}
          open={open}
          aside={() => null}
        />
      </section>
      <RuleList
        id="override"
        title={t.telling.own.title}
        note={t.telling.own.note}
        none={t.telling.own.none}
        otherwise={t.telling.own.otherwise}
        add={t.telling.own.add}
        rules={(telling.overrides ?? []).map(
          ({
            id,
            note,
            least,
            prompt_in_recording,
            purpose_and_identity,
            stated_is_enough,
          }): OverrideRule => ({
            ...{ name: id, reason: note, least },
            ...{ prompt_in_recording, purpose_and_identity, stated_is_enough },
          }),
        )}
        change={(rules) =>
          change({
            overrides: rules.map(overrideOf),
          })
        }
        sentence={({ least, prompt_in_recording: heard, purpose_and_identity: purpose, stated_is_enough }) =>
          t.telling.own.sentence({
            ...{ least: t.would.needs[least], heard: heard === true, purpose: purpose === true },
            stated: stated_is_enough === true,
          })
        }
        form={overrideForm(facts.jurisdictions)}
        fresh={{
          ...{ name: '', reason: '', least: 'announce' },
          ...{ prompt_in_recording: undefined, purpose_and_identity: undefined, stated_is_enough: undefined },
        }}
        fixed={fixed}
        open={open}
        aside={() => null}
      />
    </>
  );
}

/** As the policy has it: what was not chosen is left out, and is as Tapedeck has it. */
const overrideOf = ({ name, reason, least, ...chosen }: OverrideRule) => ({
  ...{ id: name, least, note: reason },
  ...(chosen.prompt_in_recording !== undefined && { prompt_in_recording: chosen.prompt_in_recording }),
  ...(chosen.purpose_and_identity !== undefined && { purpose_and_identity: chosen.purpose_and_identity }),
  ...(chosen.stated_is_enough && { stated_is_enough: true }),
});

/** With what was chosen and is not known. */
const known = (states: Choices<string>, chosen = ''): Choices<string> =>
  chosen === '' || states.some(([id]) => id === chosen) ? states : [...states, [chosen, chosen]];

const PLACE = /^[A-Z0-9]{0,3}$/;
const placeOf = (text: string): string => text.trim().toUpperCase();

function beepOf(text: string): number | null {
  const seconds = Number(text.trim());
  return /^\d{1,2}$/.test(text.trim()) && seconds >= SHORTEST_BEEP_S && seconds <= LONGEST_BEEP_S
    ? seconds
    : null;
}
