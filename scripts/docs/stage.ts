import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** Documents outside of docs/ that are pages of the site too. */
const OUTSIDE: Readonly<Record<string, string>> = {
  'SECURITY.md': 'reference/security.md',
  'ARCHITECTURE.md': 'reference/architecture.md',
  'CONTRIBUTING.md': 'reference/contributing.md',
  'CHANGELOG.md': 'reference/changelog.md',
};
const LINK = /(!?)\[((?:[^\][]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g;

/** Returns the pages of the site: where each is in the repository, and where on the site. Paths are relative to the root. */
export function sitePages(root: string): Map<string, string> {
  const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.startsWith('.vitepress'))
    .sort()
    .map((file): [string, string] => [`docs/${file}`, file.replace(/README\.md$/, 'index.md')]);
  return new Map([...inDocs, ...Object.entries(OUTSIDE)]);
}

/**
 * Copies all pages to `to`, with their links changed to where each page is there, and the pictures. A link to a file that is not
 * a page is left as its text.
 */
export function stageSite(root: string, to: string): void {
  const pages = sitePages(root);
  rmSync(to, { recursive: true, force: true });
  for (const [source, page] of pages) {
    const file = join(to, page);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, staged(readFileSync(join(root, source), 'utf8'), source, page, pages));
  }
  const pictures = join(root, 'docs/pictures');
  if (existsSync(pictures)) cpSync(pictures, join(to, 'pictures'), { recursive: true });
  cpSync(join(root, 'web/ui/icon.svg'), join(to, 'public/icon.svg'));
}

/** Returns the text of a page with its links as the site has them. Code is left alone. */
function staged(text: string, source: string, page: string, pages: Map<string, string>): string {
  return text
    .split('\n')
    .map((line) => (/^ {4,}\S/.test(line) && !/^ {4,}[-*\d]/.test(line) ? line : replaceLinks(line)))
    .join('\n');

  function replaceLinks(line: string): string {
    return line
      .split(/(`[^`]*`)/)
      .map((part) => (part.startsWith('`') ? part : part.replace(LINK, replaced)))
      .join('');
  }
  function replaced(whole: string, picture: string, label: string, target: string): string {
    const [path = '', anchor] = target.split('#');
    if (/^[a-z]+:/.test(target) || path === '' || picture === '!') return whole;
    const at = pages.get(normalize(join(dirname(source), path)));
    if (at === undefined) return label;
    const link = relative(dirname(page), at);
    return `[${label}](${link.startsWith('.') ? link : `./${link}`}${anchor === undefined ? '' : `#${anchor}`})`;
  }
}
