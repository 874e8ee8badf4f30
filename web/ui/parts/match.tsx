/** Text kept to its own direction, with the part that was searched for marked; spaces in numbers do not count. */
export function Match({ text, search, class: name = '' }: { text: string; search: string; class?: string }) {
  const found = find(text, search.trim());
  return (
    <bdi class={name}>
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
  const digits = search.replace(/[\s().\-/]/g, '');
  if (/^\+?\d+$/.test(digits) && /^[+\d\s]+$/.test(text)) return findDigits(text, digits);
  // Some letters grow when they are made small; then places would not agree.
  if (text.toLowerCase().length !== text.length) return null;
  const start = text.toLowerCase().indexOf(search.toLowerCase());
  return start < 0 ? null : [start, start + search.length];
}

/** The last place where the digits stand: people remember how a number ends. */
function findDigits(text: string, digits: string): [number, number] | null {
  const places = [...text].flatMap((c, i) => (c === ' ' ? [] : [i]));
  const start = places
    .map((i) => text[i])
    .join('')
    .lastIndexOf(digits);
  if (start < 0) return null;
  return [places[start] ?? 0, (places[start + digits.length - 1] ?? 0) + 1];
}
