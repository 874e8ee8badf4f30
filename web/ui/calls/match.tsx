import { digitsOf, isPartOfNumber, sought } from '../../../daemon/domain/phone.js';
import { region } from '../state/session.js';

type Props = { text: string; search: string; class?: string; said?: boolean };

/**
 * Text kept to its own direction, with the part that was searched for marked; a number however it was typed. `said`: it is
 * somebody's name or number.
 */
export function Match({ text, search, class: name = '', said = false }: Props) {
  const found = find(text, search.trim());
  return (
    <bdi class={name} translate={said ? false : undefined}>
      {found ? (
        <>
          {text.slice(0, found[0])}
          <mark>{text.slice(...found)}</mark>
          {text.slice(found[1])}
        </>
      ) : (
        text
      )}
    </bdi>
  );
}

function find(text: string, search: string): [number, number] | null {
  if (search === '') return null;
  if (/^[\d+\-().,/\s]+$/.test(search) && /^[\d+\-()\s]+$/.test(text)) return findEnd(text, search);
  // Some letters grow when they are made small; then places would not agree.
  if (text.toLowerCase().length !== text.length) return null;
  const start = text.toLowerCase().indexOf(search.toLowerCase());
  return start < 0 ? null : [start, start + search.length];
}

/** The end of a number, or what is further on in it, as the search on the server finds it. */
function findEnd(text: string, search: string): [number, number] | null {
  const { ends, whole } = sought(search, region());
  const digits = digitsOf(text);
  const found = [...ends, ...whole.filter((number) => number === digits)]
    .filter((end) => end !== '' && digits.endsWith(end))
    .sort((a, b) => b.length - a.length)[0];
  const places = [...text].flatMap((c, i) => (/\d/.test(c) ? [i] : []));
  if (found !== undefined) return [places.at(-found.length) ?? 0, text.length];
  // What is dialled within a country in place of its code is not in a number that has the code.
  const typed = digitsOf(search);
  const inside = [typed, typed.replace(/^0+/, '')].find((part) => digits.includes(part));
  if (inside === undefined || !isPartOfNumber(search, region())) return null;
  const from = digits.indexOf(inside);
  return [places[from]!, places[from + inside.length - 1]! + 1];
}
