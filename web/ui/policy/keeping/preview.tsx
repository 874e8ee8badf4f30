import { TableLabel } from '../../kit/table-label.js';
import { Verbatim } from '../../kit/verbatim.js';
import { t } from '../../messages/language.js';
import { count } from '../../messages/locale.js';
import { clean } from '../../messages/numbers.js';
import type { When } from '../../state/api.js';
import type { RedatingPreview } from '../../state/api-rules.js';
import { CONDITIONS } from '../conditions.js';

const labelOf = (condition: string): string =>
  Object.hasOwn(CONDITIONS, condition) ? t.policy.form.conditions[condition as keyof When] : clean(condition);

/** What a policy does to existing recordings: in sentences, and by rule. */
export function PreviewResult({ preview }: { preview: RedatingPreview }) {
  const words = t.keeping.existing;
  const { recordings, longer, shorter, due, by_minimum, conflicts, unknown, unknown_by, rows } = preview;
  if (recordings === 0) return <p>{words.none}</p>;
  const forever = rows.reduce((sum, row) => sum + row.was_forever, 0);
  const said = [
    due > 0 && words.due({ n: due }),
    shorter > 0 && words.shorter({ n: shorter, forever }),
    longer > 0 && words.longer({ n: longer }),
    by_minimum > 0 && words.minimum({ n: by_minimum }),
    conflicts > 0 && words.conflicts({ n: conflicts }),
    unknown > 0 &&
      words.unknown({ n: unknown, conditions: unknown_by.map(({ condition }) => labelOf(condition)) }),
  ].filter((one) => one !== false);
  return (
    <div class="replay-result">
      {shorter === 0 && longer === 0 && <p class="save-done">{words.same({ n: recordings })}</p>}
      {said.length > 0 && (
        <ul class="replay-kinds">
          {said.map((one, i) => (
            <li key={one} class={i === 0 && due > 0 ? 'replay-lost' : ''}>
              <p>{one}</p>
            </li>
          ))}
        </ul>
      )}
      {rows.length > 0 && (
        <table class="table keeping-table">
          <thead>
            <tr>
              <th scope="col">{words.columns.rule}</th>
              <th scope="col">{words.columns.keeps}</th>
              <th scope="col">{words.columns.recordings}</th>
              <th scope="col">{words.columns.due}</th>
              <th scope="col">{words.columns.shorter}</th>
              <th scope="col">{words.columns.longer}</th>
              <th scope="col">{words.columns.calls}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.rule ?? ''} row={row} />
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Row({ row }: { row: RedatingPreview['rows'][number] }) {
  const words = t.keeping.existing;
  return (
    <tr>
      <td class="table-call">{row.rule === null ? words.noRule : <Verbatim text={row.rule} />}</td>
      <td>
        <TableLabel name={words.columns.keeps} />
        {row.keep_days === null ? words.forever : words.days({ n: row.keep_days })}
      </td>
      {(['recordings', 'due', 'shorter', 'longer'] as const).map((key) => (
        <td key={key}>
          <TableLabel name={words.columns[key]} />
          {count(row[key])}
        </td>
      ))}
      <td>
        {row.calls.length > 0 && <TableLabel name={words.columns.calls} />}
        {row.calls.map((id, i) => (
          <span key={id}>
            {i > 0 && ' '}
            <a href={`/calls/${encodeURIComponent(id)}`} aria-label={words.call({ n: i + 1 })}>
              {i + 1}
            </a>
          </span>
        ))}
      </td>
    </tr>
  );
}
