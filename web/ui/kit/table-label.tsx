import { t } from '../messages/language.js';

/** What a cell is called where there is no room for the head of the table. */
export function TableLabel({ name }: { name: string }) {
  return <span class="table-label">{t.common.label({ name })} </span>;
}
