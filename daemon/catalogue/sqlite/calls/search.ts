import { type Sought, soughtBy } from '../../../domain/call/search.js';

type Condition = { sql: string; values: string[] };

/** The SQL condition for what is sought in `calls.search`. */
export function soughtInSql(asked: Sought): Condition {
  if ('all' in asked) return joined(asked.all.map(soughtInSql), 'AND');
  if ('any' in asked) return joined(asked.any.map(soughtInSql), 'OR');
  const text = asked.framed ? 'char(10) || calls.search || char(10)' : 'calls.search';
  return { sql: `${text} LIKE ? ESCAPE '\\'`, values: [`%${asked.contains.replace(/[\\%_]/g, '\\$&')}%`] };
}

const joined = (conditions: Condition[], by: 'AND' | 'OR'): Condition => ({
  sql:
    conditions.length === 0
      ? by === 'AND'
        ? '1'
        : '0'
      : `(${conditions.map(({ sql }) => sql).join(` ${by} `)})`,
  values: conditions.flatMap(({ values }) => values),
});

/** SQL conditions for a search as people type it, see `soughtBy`; every one must hold. */
export function searchConditions(
  text: string,
  region = '',
  inside = false,
): { where: string[]; values: string[] } {
  const conditions = soughtBy(text, region, inside).map(soughtInSql);
  return { where: conditions.map(({ sql }) => sql), values: conditions.flatMap(({ values }) => values) };
}
