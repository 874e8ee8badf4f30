import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { sidebar } from '../../docs/.vitepress/sidebar.js';
import { codeOf, commandFaults, fileFaults, keyFaults } from './check-words.js';
import { commandTree } from './command-tree.js';
import { generatedPages } from './generated.js';
import { sitePages } from './stage.js';

/** Told about in their index page, not one by one in the sidebar. */
const LISTED_ELSEWHERE = /^(decisions|documents)\/(?!index)/;
/** What was true of an earlier version may stay in the history. */
const HISTORY = 'CHANGELOG.md';

/** Returns what is wrong in the documents, one line each: what they name must exist, and what exists must be documented. */
export async function checkDocuments(root: string): Promise<string[]> {
  const tree = await commandTree();
  const pages = sitePages(root);
  const inSidebar = sidebar.flatMap((group) => group.pages.map(([, page]) => page));
  const onSite = [...pages.values()].map((page) => page.replace(/\.md$/, ''));
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  return [
    ...onSite
      .filter((page) => !LISTED_ELSEWHERE.test(page) && !inSidebar.includes(page))
      .map((page) => `docs/.vitepress/sidebar.ts does not list ${page}`),
    ...inSidebar
      .filter((page) => !onSite.includes(page))
      .map((page) => `docs/.vitepress/sidebar.ts lists ${page}, which does not exist`),
    ...tree.commands
      .map(({ path }) => path[0]!)
      .filter((name) => !new RegExp(`\`tapedeck ${name}\\b`).test(read('docs/reference/commands.md')))
      .map((name) => `docs/reference/commands.md does not mention tapedeck ${name}`),
    ...[...generatedPages(tree)]
      // The formatter has its own opinion on empty lines.
      .filter(([file, text]) => unspaced(read(file)) !== unspaced(text))
      .map(([file]) => `${file} is out of date: run "npm run docs -- --write"`),
    ...labelFaults(root, [...pages.keys()]),
    ...[...pages.keys(), 'README.md']
      .filter((file) => file !== HISTORY)
      .flatMap((file) => {
        const code = codeOf(read(file));
        return [...commandFaults(code, tree), ...keyFaults(code), ...fileFaults(code, root)].map(
          (fault) => `${file}: ${fault}`,
        );
      }),
  ];
}

/** Returns what the pages about the dashboard write in bold, as the name of a button or field, and no message of it says. */
function labelFaults(root: string, pages: string[]): string[] {
  const folder = join(root, 'web/ui/messages/en');
  const messages = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8').toLowerCase())
    .join('\n');
  return pages
    .filter((page) => page.startsWith('docs/dashboard/'))
    .flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/\*\*([^*]+)\*\*/g)]
        .map(([, label]) => label!.replace(/\s+/g, ' ').replace(/…$/, ''))
        .filter((label) => !messages.includes(label.toLowerCase()))
        .map((label) => `${page}: no message of the dashboard says "${label}"`),
    );
}

const unspaced = (text: string): string => text.replace(/\n+/g, '\n');

/** Returns the links of the built site that lead nowhere: to no file, or to a place in it that does not exist. */
export function checkLinks(out: string): string[] {
  const files = new Map(
    readdirSync(out, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.html'))
      .map((file) => [file, readFileSync(join(out, file), 'utf8')]),
  );
  const ids = new Map(
    [...files].map(([file, html]) => [
      file,
      new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!)),
    ]),
  );
  return [...files].flatMap(([file, html]) =>
    [...html.matchAll(/<a\s[^>]*href="([^"]+)"/g)].flatMap(([, href]) => {
      const [path = '', anchor] = href!.replaceAll('&amp;', '&').split('#');
      if (/^[a-z]+:/.test(path) || path === '/' || /^\/(?!help\/)/.test(path)) return [];
      const at =
        path === ''
          ? file
          : posix.join(path.startsWith('/help/') ? '' : dirname(file), path.replace(/^\/help\//, ''));
      const target = at === '.' || at === '' || at.endsWith('/') ? posix.join(at, 'index.html') : at;
      if (!files.has(target)) return [`${file} links to ${href}, which does not exist`];
      if (anchor === undefined || anchor === '' || ids.get(target)!.has(decodeURIComponent(anchor)))
        return [];
      return [`${file} links to ${href}, which has no such place`];
    }),
  );
}
