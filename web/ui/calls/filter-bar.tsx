import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { PbxSelect } from '../kit/field.js';
import { CrossIcon, SearchIcon } from '../kit/icons.js';
import { earName } from '../messages/ears.js';
import { t } from '../messages/language.js';
import { severalPbxes } from '../state/pbxes.js';
import { sees } from '../state/rights.js';
import { coverages, type Filters, faults } from './filters.js';
import { searchWanted } from './search.js';

type Props = { filters: Filters; change: (change: Partial<Filters>, replace?: boolean) => void };
const TYPING_MS = 180;

function coverageWord(c: (typeof coverages)[number]): string {
  if (c === 'none') return t.badge.outcomes.no_answer;
  return c === 'pending' ? t.badge.making : t.badge[c];
}

export function FilterBar({ filters, change }: Props) {
  const { any: anyDay, ...days } = t.calls.ranges;
  return (
    <search class="filters">
      <SearchBox filters={filters} change={change} />
      <div class="filter-chips">
        <Chips
          label={t.calls.direction}
          value={filters.direction}
          choices={[
            ['', t.calls.all],
            ['in', t.calls.directions.in],
            ['out', t.calls.directions.out],
            ['internal', t.calls.directions.internal],
          ]}
          choose={(direction) => change({ direction })}
        />
        {(severalPbxes() || filters.pbx) && (
          <PbxSelect
            class="chip-select"
            label={t.common.pbx}
            value={filters.pbx}
            choose={(pbx) => change({ pbx })}
          />
        )}
        <ChipSelect
          label={t.calls.dates}
          value={filters.when}
          choices={[['', anyDay], ...Object.entries(days)]}
          choose={(when) => change({ when })}
        />
        <ChipSelect
          label={t.calls.coverage}
          value={filters.coverage}
          choices={[['', t.calls.anyCoverage], ...coverages.map((c): Choice => [c, coverageWord(c)])]}
          choose={(coverage) => change({ coverage })}
        />
        {sees() === 'all' && (
          <ChipSelect
            label={t.quality.filter}
            value={filters.quality}
            choices={[['', t.quality.filterAll], ...faults.map((f): Choice => [f, t.quality.filters[f]])]}
            choose={(quality) => change({ quality })}
          />
        )}
        {filters.of && (
          <button
            type="button"
            class="chip chip-of"
            aria-label={t.quality.onlyOf({ who: earName(filters.of) })}
            onClick={() => change({ of: '' })}
          >
            <bdi>{earName(filters.of)}</bdi>
            <CrossIcon />
          </button>
        )}
      </div>
      {filters.when === 'custom' && (
        <div class="filter-dates">
          {(['from', 'to'] as const).map((side) => (
            <label key={side}>
              <span>{t.calls[side]}</span>
              <input
                type="date"
                value={filters[side]}
                onChange={(e) => change({ [side]: e.currentTarget.value }, true)}
              />
            </label>
          ))}
        </div>
      )}
    </search>
  );
}

function SearchBox({ filters, change }: Props) {
  const [text, setText] = useState(filters.q);
  const typing = useRef<ReturnType<typeof setTimeout>>(undefined);
  const input = useRef<HTMLInputElement>(null);
  // The address may change under the box (back, a link); what is being typed wins.
  useEffect(() => {
    if (document.activeElement !== input.current) setText(filters.q);
  }, [filters.q]);
  useEffect(() => () => clearTimeout(typing.current), []);
  const wanted = searchWanted.value;
  useLayoutEffect(() => {
    if (!wanted || !input.current?.offsetParent) return;
    searchWanted.value = false;
    input.current.focus();
    input.current.select();
  });

  // A call may be opened while typing is waited for: what counts is the address at that moment.
  const latest = useRef(change);
  latest.current = change;
  const set = (q: string) => {
    setText(q);
    clearTimeout(typing.current);
    typing.current = setTimeout(() => latest.current({ q }, filters.q !== ''), TYPING_MS);
  };
  return (
    <div class="search">
      <SearchIcon />
      <input
        ref={input}
        data-search
        type="text"
        inputMode="search"
        enterkeyhint="search"
        autocomplete="off"
        spellcheck={false}
        maxLength={100}
        aria-label={t.calls.search}
        placeholder={t.calls.search}
        aria-keyshortcuts="/"
        value={text}
        onInput={(e) => set(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === 'Escape' && text) set('');
          if (e.key !== 'ArrowDown' && e.key !== 'Enter') return;
          const first = document.querySelector<HTMLElement>('.call-rows [tabindex="0"], .call-rows a');
          if (first && filters.q === text) {
            e.preventDefault();
            first.focus();
          } else change({ q: text }, filters.q !== '');
        }}
      />
      {text ? (
        <button
          type="button"
          class="icon-button"
          aria-label={t.calls.clear}
          onClick={() => {
            set('');
            input.current?.focus();
          }}
        >
          <CrossIcon />
        </button>
      ) : (
        <kbd>/</kbd>
      )}
    </div>
  );
}

/** A value and its name; the empty value narrows nothing. */
type Choice = [value: string, name: string];
type ChoiceProps = {
  label: string;
  value: string;
  choices: Choice[];
  choose: (value: string) => void;
};

function Chips({ label, value, choices, choose }: ChoiceProps) {
  return (
    <fieldset class="chips">
      <legend class="unseen">{label}</legend>
      {choices.map(([key, name]) => (
        <button key={key} type="button" class="chip" aria-pressed={value === key} onClick={() => choose(key)}>
          {name}
        </button>
      ))}
    </fieldset>
  );
}

function ChipSelect({ label, value, choices, choose }: ChoiceProps) {
  return (
    <select
      class="chip-select"
      aria-label={label}
      value={value}
      data-set={value ? '' : undefined}
      onChange={(e) => choose(e.currentTarget.value)}
    >
      {choices.map(([key, name]) => (
        <option key={key} value={key}>
          {name}
        </option>
      ))}
    </select>
  );
}
