import type { Browser, Page } from 'playwright-core';
import { accented } from '../../../web/ui/messages/pseudo.js';

/** What the pseudo-language puts around and into a message. */
const AROUND = '[⟦⟧·\\s]*';
const either = (letter: string): string => `[${letter}${accented(letter)}]${AROUND}`;

/** Finds an English text in the pseudo-language. What is given to a message, such as a name, stands there as it is. */
function pattern(text: string, exact: boolean): RegExp {
  const source = [...text]
    .map((c) => {
      if (/[a-z]/i.test(c)) return either(c);
      return /\s/.test(c) ? AROUND : c.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&') + AROUND;
    })
    .join('');
  return exact ? new RegExp(`^${AROUND}${source}$`, 'u') : new RegExp(source, 'iu');
}

const rewritten = (regex: RegExp): RegExp =>
  new RegExp(
    regex.source.replace(/\\.|\[[^\]]*\]|[a-z ^]/gi, (part) => {
      if (part === ' ') return AROUND;
      if (part === '^') return `^${AROUND}`;
      return part.length === 1 ? either(part) : part;
    }),
    'iu',
  );

type Found = { name?: unknown; exact?: boolean; hasText?: unknown; hasNotText?: unknown };

const asSaid = (text: unknown, exact = false): unknown => {
  if (text instanceof RegExp) return rewritten(text);
  return typeof text === 'string' ? pattern(text, exact) : text;
};

/** The arguments of a method of Playwright that looks for a text, with the text as the pseudo-language has it. */
function args(method: string, given: unknown[]): unknown[] {
  const [first, options = {}] = given as [unknown, Found?];
  if (/^getBy(Text|Label|Placeholder|Title|AltText)$/.test(method)) return [asSaid(first, options.exact)];
  if (method === 'getByRole' && options.name !== undefined) {
    const { name, exact, ...rest } = options;
    return [first, { ...rest, name: asSaid(name, exact) }];
  }
  const last = given.at(-1);
  if ((method !== 'filter' && method !== 'locator') || typeof last !== 'object' || last === null)
    return given;
  const { hasText, hasNotText, ...rest } = last as Found;
  return [
    ...given.slice(0, -1),
    {
      ...rest,
      ...(hasText === undefined ? {} : { hasText: asSaid(hasText) }),
      ...(hasNotText === undefined ? {} : { hasNotText: asSaid(hasNotText) }),
    },
  ];
}

/** A page on which English texts are found as the pseudo-language has them, so that it is led as one in English. */
export function inPseudo<T extends object>(of: T): T {
  return new Proxy(of, {
    get(target, method) {
      const value = Reflect.get(target, method, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        const result = value.apply(target, args(String(method), given));
        return typeof result?.getByRole === 'function' ? inPseudo(result) : result;
      };
    },
  });
}

/** A browser whose pages are in the pseudo-language. */
export const pseudoBrowser = (browser: Browser): Browser =>
  new Proxy(browser, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name !== 'newContext') return typeof value === 'function' ? value.bind(target) : value;
      return async (options: Parameters<Browser['newContext']>[0]) => {
        const context = await target.newContext(options);
        await context.addInitScript("localStorage.setItem('tapedeck.language', 'en-XA')");
        return context;
      };
    },
  });

/**
 * Everything on a page that people read and that is no message. Marked elements (`translate="no"`) are data, and so are the
 * attributes that `data-said` names. The brackets of a message are followed through the elements in it, up to the end of the
 * block that it stands in.
 */
const OUTSIDE = `(() => {
  const INLINE = new Set(['A', 'B', 'BDI', 'BUTTON', 'CODE', 'EM', 'KBD', 'MARK', 'SMALL', 'SPAN', 'STRONG', 'TIME']);
  const SILENT = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE']);
  const ATTRIBUTES = ['title', 'alt', 'placeholder', 'label', 'aria-label', 'aria-description', 'aria-valuetext',
    'aria-roledescription', 'aria-placeholder'];
  const found = [];
  const where = (e) => [e.tagName.toLowerCase(), ...(e.id ? ['#' + e.id] : []), ...[...e.classList].map((c) => '.' + c)].join('');
  /** Follows a text; returns the depth at its end, and what stands outside. */
  function follow(text, depth) {
    let out = '';
    for (const c of text) {
      if (c === '⟦') depth++;
      else if (c === '⟧') depth--;
      else if (depth <= 0) out += c;
      if (depth < 0) return { depth: 0, out: 'a bracket that was not opened' };
    }
    return { depth, out };
  }
  const letters = /\\p{L}/u;
  const say = (what, e, text) => found.push(what + ' of ' + where(e) + ': ' + text.trim().replace(/\\s+/g, ' ').slice(0, 120));
  function attributes(e) {
    const said = (e.dataset?.said ?? '').split(' ');
    for (const name of ATTRIBUTES) {
      const text = e.getAttribute(name);
      if (text === null || said.includes(name)) continue;
      const { depth, out } = follow(text, 0);
      if (letters.test(out) || depth !== 0) say(name, e, text);
    }
  }
  function walk(e, before) {
    if (SILENT.has(e.tagName)) return before;
    if (e.getAttribute('translate') === 'no') {
      if (/[⟦⟧]/.test(e.textContent)) say('message in what is marked as data', e, e.textContent);
      return before;
    }
    attributes(e);
    const inline = INLINE.has(e.tagName);
    let depth = inline ? before : 0;
    for (const child of e.childNodes) {
      if (child.nodeType === 1) depth = walk(child, depth);
      if (child.nodeType !== 3) continue;
      const next = follow(child.data, depth);
      if (letters.test(next.out)) say('text', e, child.data);
      depth = next.depth;
    }
    if (inline) return depth;
    if (depth !== 0) say('end', e, e.textContent);
    return before;
  }
  walk(document.body, 0);
  const title = follow(document.title, 0);
  if (letters.test(title.out) || title.depth !== 0) found.push('title of the page: ' + document.title);
  return [...new Set(found)];
})()`;

export const outsideBrackets = (page: Page): Promise<string[]> => page.evaluate(OUTSIDE) as Promise<string[]>;
