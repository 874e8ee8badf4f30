import { includeOf } from './included.js';

/** One section of Asterisk's configuration, with what later `(+)` sections of that name add. Names are in lower case. */
export type Section = {
  name: string;
  /** `[name](!)`: others inherit from it, and Asterisk does not use it by itself. */
  template: boolean;
  inherits: string[];
  values: { key: string; value: string }[];
  /** Where it begins. */
  file: string;
  line: number;
};

export type Conf = {
  sections: Section[];
  /** Patterns of `#include`, `#tryinclude` and `#exec`, as they are written. */
  includes: string[];
  /** Files that end within a block comment: what is added at their end is not read. */
  unclosed: string[];
};

/** Every file that a pattern of `#include` names, in the order in which Asterisk reads them. */
export type OpenFiles = (pattern: string) => { file: string; text: string }[];

const MOST_INCLUDES = 20;

/** Returns what Asterisk reads from a file and from those that it includes (config.c of Asterisk 16 and 22). */
export function readConf(file: string, text: string, open: OpenFiles = () => []): Conf {
  const conf: Conf = { sections: [], includes: [], unclosed: [] };
  let section: Section | null = null;

  const directive = (line: string, depth: number): void => {
    const pattern = includeOf(line);
    if (pattern === undefined) return;
    conf.includes.push(pattern);
    if (depth >= MOST_INCLUDES) return;
    for (const found of open(pattern)) walk(found.file, found.text, depth + 1);
  };

  function heading(name: string, options: string[], file: string, line: number): void {
    const known = conf.sections.find((one) => one.name === name && !one.template);
    if (options.includes('+') && known) {
      section = known;
      return;
    }
    section = {
      name,
      template: options.includes('!'),
      inherits: options.filter((option) => option !== '!' && option !== '+'),
      values: [],
      ...{ file, line },
    };
    conf.sections.push(section);
  }

  function walk(file: string, text: string, depth: number): void {
    const lines = withoutComments(text);
    for (const [i, { code }] of lines.entries()) {
      const line = code.trim();
      const [, name, options = ''] = /^\[([^\]]*)\](?:\s*\(([^)]*)\))?/.exec(line) ?? [];
      if (name !== undefined) heading(name.toLowerCase(), split(options), file, i + 1);
      else if (line.startsWith('#')) directive(line, depth);
      else {
        const [, key, value] = /^([^=]+?)\s*\+?=>?\s*(.*)$/.exec(line) ?? [];
        if (key !== undefined && section) section.values.push({ key: key.toLowerCase(), value: value! });
      }
    }
    if (lines.at(-1)?.open) conf.unclosed.push(file);
  }

  walk(file, text, 0);
  return conf;
}

const split = (options: string): string[] =>
  options
    .toLowerCase()
    .split(',')
    .map((option) => option.trim())
    .filter(Boolean);

/**
 * The lines without their comments. A block comment begins with `;--`, but not with `;---`, and ends with `--;`; one may be
 * in another. `open`: the line ends within one.
 */
function withoutComments(text: string): { code: string; open: boolean }[] {
  let depth = 0;
  return text.split('\n').map((line) => {
    let code = '';
    for (let at = 0; at < line.length; at++) {
      if (line[at] !== ';') {
        if (depth === 0) code += line[at];
      } else if (line[at - 1] === '\\') {
        if (depth === 0) code = `${code.slice(0, -1)};`;
      } else if (/^;--(?!-)/.test(line.slice(at))) {
        depth++;
        at += 2;
      } else if (depth > 0 && line.slice(at - 2, at) === '--') {
        depth--;
      } else if (depth === 0) break;
    }
    return { code, open: depth > 0 };
  });
}

/** Returns a section by its name; undefined where there is none that Asterisk uses. */
export const sectionOf = (conf: Conf, name: string): Section | undefined =>
  conf.sections.find((one) => one.name === name && !one.template);

/** Returns every value of a key in a section, those of its templates first. The last one is the one that counts. */
export function valuesOf(conf: Conf, name: string, key: string): string[] {
  const of = (section: Section | undefined, depth: number): string[] =>
    section === undefined || depth > MOST_INCLUDES
      ? []
      : [
          ...section.inherits.flatMap((from) =>
            of(
              conf.sections.find((one) => one.name === from && one !== section),
              depth + 1,
            ),
          ),
          ...section.values.filter((one) => one.key === key).map((one) => one.value),
        ];
  return conf.sections.filter((one) => one.name === name && !one.template).flatMap((one) => of(one, 0));
}

/** Returns the value of a key in a section that counts, or undefined. */
export const lastValue = (conf: Conf, name: string, key: string): string | undefined =>
  valuesOf(conf, name, key).at(-1);

/** Whether a value means yes (ast_true() of Asterisk). */
export const isTrue = (value: string | undefined): boolean =>
  /^(yes|true|y|t|1|on)$/i.test((value ?? '').trim());
