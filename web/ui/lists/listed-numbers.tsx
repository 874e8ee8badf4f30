import { useEffect, useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean, readable } from '../messages/numbers.js';
import { date, dateAndClock } from '../messages/when.js';
import { proven } from '../sign-in/proof-dialog.js';
import { type Listed, type NumberList, rulesApi } from '../state/api-rules.js';

type Props = { list: NumberList; changed: number; fixed: boolean; change: () => void };

/** The numbers on a list, a page of them at first, or those with some digits. */
export function ListedNumbers({ list, changed, fixed, change }: Props) {
  const [digits, setDigits] = useState('');
  const [found, setFound] = useState<{ entries: Listed[]; after: number | null } | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const wanted = digits.replace(/\D/g, '');
  const load = () => {
    let asked = true;
    rulesApi.listed(list.name, wanted, 0).then(
      (page) => {
        if (asked) setFound(page);
      },
      (cause) => {
        if (asked) setProblem(cause);
      },
    );
    return () => {
      asked = false;
    };
  };
  useEffect(load, [list.name, list.numbers, changed, wanted]);
  const more = (after: number) =>
    rulesApi
      .listed(list.name, wanted, after)
      .then(
        (page) => setFound({ ...page, entries: [...(found?.entries ?? []), ...page.entries] }),
        setProblem,
      );
  const remove = (number: string) => {
    setProblem(null);
    proven(() => rulesApi.removeNumber(list.name, number)).then(() => {
      announce(t.lists.removed({ number: clean(number) }));
      change();
      document.getElementById('numbers-title')?.focus();
    }, setProblem);
  };
  const entries = found?.entries ?? [];
  return (
    <section class="list-numbers" aria-labelledby="numbers-title">
      <h2 id="numbers-title" tabIndex={-1}>
        {t.lists.onList}
      </h2>
      {problem !== null && <ErrorNote problem={problem} />}
      {list.numbers > 0 && (
        <Field
          id="list-search"
          label={t.lists.search}
          help={t.lists.searchHelp}
          value={digits}
          onInput={setDigits}
          inputMode="tel"
          maxLength={40}
        />
      )}
      {!found && problem === null && <p class="quiet">{t.common.loading}</p>}
      {found && entries.length === 0 && (
        <p class="quiet list-none">
          {wanted
            ? t.lists.noMatch({ digits: wanted })
            : `${t.lists.empty} ${fixed ? '' : t.lists.emptyHelp}`}
        </p>
      )}
      {entries.length > 0 && (
        <table class="table list-table">
          <TableHead columns={columnsFor(fixed)} />
          <tbody>
            {entries.map((entry) => (
              <Row key={entry.id} entry={entry} fixed={fixed} remove={remove} />
            ))}
          </tbody>
        </table>
      )}
      {found?.after != null && (
        <button type="button" class="button" onClick={() => more(found.after!)}>
          {t.lists.more}
        </button>
      )}
    </section>
  );
}

function columnsFor(fixed: boolean): Record<string, string> {
  const { act, ...columns } = t.lists.table;
  return fixed ? columns : { ...columns, act };
}

type RowProps = { entry: Listed; fixed: boolean; remove: (number: string) => void };

function Row({ entry: { number, note, until, added_at, added_by }, fixed, remove }: RowProps) {
  const shown = readable(clean(number));
  return (
    <tr>
      <td class="list-number">
        <bdi>{shown}</bdi>
      </td>
      <td class="list-note">
        {note && (
          <>
            <TableLabel name={t.lists.table.note} />
            <Verbatim text={note} />
          </>
        )}
      </td>
      <td>
        <TableLabel name={t.lists.table.until} />
        {until === null ? (
          <span class="quiet">{t.lists.never}</span>
        ) : (
          <time datetime={until}>{endsAt(until)}</time>
        )}
      </td>
      <td class="quiet list-added">
        <TableLabel name={t.lists.table.added} />
        {date(added_at)} <Verbatim text={added_by} class="list-who" />
      </td>
      {!fixed && (
        <td class="list-act">
          <button
            type="button"
            class="button"
            aria-label={t.lists.removeThat({ number: shown })}
            onClick={() => remove(number)}
          >
            {t.lists.remove}
          </button>
        </td>
      )}
    </tr>
  );
}

/** An end at midnight is the end of the day before. */
const endsAt = (until: string): string => {
  const before = new Date(Date.parse(until) - 1).toISOString();
  return date(before) === date(until) ? dateAndClock(until) : date(before);
};
