import type { ComponentChildren } from 'preact';

/** Stands in a message for a part that is an element. Cleaned text has no such character. */
const MARK = '\u0001';

type Props<Name extends string> = {
  /** The message, given what stands for each part. */
  of: (marks: Record<Name, string>) => string;
  parts: Record<Name, ComponentChildren>;
  /** Class of what stands between the parts. */
  between?: string;
};

/** A message with elements in it, in the order of the language. */
export function Sentence<Name extends string>({ of, parts, between }: Props<Name>) {
  const names = Object.keys(parts) as Name[];
  const marks = Object.fromEntries(names.map((name) => [name, MARK + name + MARK])) as Record<Name, string>;
  const pieces = of(marks).split(MARK);
  return (
    <>
      {pieces.map((piece, i) => {
        if (i % 2 === 1) return parts[piece as Name];
        return between && piece ? <span class={between}>{piece}</span> : piece;
      })}
    </>
  );
}
