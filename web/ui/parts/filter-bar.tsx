import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../messages/en.js';
import { coverages, type Filters } from '../pages/filters.js';
import { searchWanted } from '../search.js';
import { CrossIcon, SearchIcon } from './icons.js';

type Props = { filters: Filters; change: (change: Partial<Filters>, replace?: boolean) => void };
const TYPING_MS = 180;

export function FilterBar({ filters, change }: Props) {
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
        <select
          class="chip-select"
          aria-label={t.calls.dates}
          value={filters.when}
          data-set={filters.when ? '' : undefined}
          onChange={(e) => change({ when: e.currentTarget.value })}
        >
          <option value="">{t.calls.ranges.any}</option>
          <option value="today">{t.calls.ranges.today}</option>
          <option value="yesterday">{t.calls.ranges.yesterday}</option>
          <option value="week">{t.calls.ranges.week}</option>
          <option value="custom">{t.calls.ranges.custom}</option>
        </select>
        <select
          class="chip-select"
          aria-label={t.calls.coverage}
          value={filters.coverage}
          data-set={filters.coverage ? '' : undefined}
          onChange={(e) => change({ coverage: e.currentTarget.value })}
        >
          <option value="">{t.calls.anyCoverage}</option>
          {coverages.map((c) => (
            <option key={c} value={c}>
              {c === 'none' ? t.badge.outcomes.no_answer : c === 'pending' ? t.badge.making : t.badge[c]}
            </option>
          ))}
        </select>
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
  useEffect(() => {
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

type ChipsProps = {
  label: string;
  value: string;
  choices: [string, string][];
  choose: (value: string) => void;
};

function Chips({ label, value, choices, choose }: ChipsProps) {
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
