import { createHmac, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What of a text may leave the box: nothing but what the program itself contains, numbers that measure something, and times.
 * All else becomes a pseudonym: the same text has the same one in a bundle, and another in the next. The salt is only in
 * memory. Pseudonyms consist of letters, so that none looks like a part of a number.
 */

/** Keys whose values are words of the program's: codes, states, names of parts. */
const CODE_KEYS = new Set(
  'action alarm channel check code direction event kind level link name outcome part reason severity side signal state status syscall type what'.split(
    ' ',
  ),
);
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const WORD = /[A-Za-z][A-Za-z'-]*/g;
const LETTERS = 'abcdefghijklmnop';

/** What the program contains. */
export type Program = {
  /** Whether this text is in it, as a whole literal. */
  has(text: string): boolean;
  /** Words in what the doctor and errors say. */
  words: ReadonlySet<string>;
};

/** Reads the compiled program in `dir`. */
export function readProgram(dir: string): Program {
  const files = readdirSync(dir).filter((name) => name.endsWith('.js'));
  const textOf = (name: string) => readFileSync(join(dir, name), 'utf8');
  const all = files.map(textOf).join('\n');
  const said = files.filter((name) => /^(doctor|error|fault)\b/.test(name)).map(textOf);
  const known = new Map<string, boolean>();
  return {
    has(text) {
      let found = known.get(text);
      if (found === undefined) {
        const escaped = JSON.stringify(text).slice(1, -1);
        found = [`"${escaped}"`, `'${text}'`, `\`${text}\``].some((literal) => all.includes(literal));
        known.set(text, found);
      }
      return found;
    },
    words: new Set(said.join('\n').match(WORD) ?? []),
  };
}

/** Where in the program an error came from; the error's own text is in the first lines of a stack. */
const framesOf = (stack: string): string[] =>
  [
    ...stack.matchAll(
      /^ +at (?:async )?(?:([\w$.<>[\] ]{1,80}) \()?[^()\n]*?(dist\/[\w./-]+:\d+:\d+|node:[\w/]+:\d+:\d+)\)?$/gm,
    ),
  ].map(([, name = '', at]) => `${name} ${at}`.trim());

export type Mask = ReturnType<typeof createMask>;

export function createMask(program: Program, salt: Uint8Array = randomBytes(32)) {
  const pseudonym = (text: string): string => {
    const digest = createHmac('sha256', salt).update(text).digest('hex').slice(0, 10);
    return `~${[...digest].map((nibble) => LETTERS[Number.parseInt(nibble, 16)]).join('')}`;
  };

  /** A sentence of the doctor's: words that the program says stay, numbers of up to three digits too. */
  const sentence = (text: string): string =>
    text
      .split(/(\s+)/)
      .map((part) => {
        if (part.trim() === '') return part;
        const [, before, inside, after] = /^(\W*)(.*?)(\W*)$/s.exec(part)!;
        const plain = /^[A-Za-z'-]+$/.test(inside!) ? program.words.has(inside!) : /^\d{0,3}$/.test(inside!);
        return plain
          ? part
          : `${before!.replace(/[^("]/g, '')}${pseudonym(inside!)}${after!.replace(/[^.,:;)"]/g, '')}`;
      })
      .join('');

  function value(of: unknown, key: string): unknown {
    if (of === null || typeof of === 'boolean' || typeof of === 'number') return of;
    if (typeof of === 'string') {
      if (of === '' || TIME.test(of)) return of;
      if (key === 'stack') return framesOf(of);
      if (key === 'msg' && program.has(of)) return of;
      if (CODE_KEYS.has(key) && /^[\w.-]{1,60}$/.test(of) && program.has(of)) return of;
      return pseudonym(of);
    }
    if (Array.isArray(of)) return of.map((one) => value(one, key));
    if (typeof of === 'object')
      return Object.fromEntries(
        Object.entries(of).map(([name, inner]) => [
          /^\w{1,40}$/.test(name) && (program.has(name) || program.words.has(name) || KNOWN.has(name))
            ? name
            : pseudonym(name),
          value(inner, name),
        ]),
      );
    return null;
  }
  return { pseudonym, sentence, value: (of: unknown): unknown => value(of, '') };
}

/** Keys of what the recorder says of itself that a compiler may write without quotation marks. */
const KNOWN = new Set(
  'level time name part msg err type code stack calls_now recording_now preserving health problems severity params key since at outcome'.split(
    ' ',
  ),
);
