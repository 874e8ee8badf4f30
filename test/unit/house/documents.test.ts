import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import t from 'tap';

const ROOT = join(import.meta.dirname, '../../..');
const DECISIONS = 'docs/decisions';
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  .trim()
  .split('\n');

/** Links to other files, as they are written, without what follows a "#". Code may look like one. */
const linksOf = (text: string): string[] =>
  [...text.replace(/`[^`]+`/g, '').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, to]) => to!)
    .filter((to) => !/^[a-z]+:/.test(to));

/** Files that a document names in backticks, by their whole path. */
const namedIn = (text: string): string[] =>
  [
    ...text.matchAll(
      /`((?:daemon|web|test|scripts|docs|systemd|asterisk-conf)\/[\w./-]*\.(?:tsx?|mjs|json|md))`/g,
    ),
  ].map(([, path]) => path!);

t.test('every link in a document leads to a file', async (t) => {
  t.ok(documents.length > 15);
  t.same(
    documents.flatMap((file) =>
      linksOf(read(file))
        .filter((to) => !existsSync(join(ROOT, dirname(file), to)))
        .map((to) => `${file} links to ${to}`),
    ),
    [],
  );
});

t.test('every file that a document names exists', async (t) => {
  const named = documents.flatMap((file) => namedIn(read(file)).map((path) => ({ file, path })));
  t.ok(named.length > 80);
  t.same(
    named
      .filter(({ path }) => !existsSync(join(ROOT, path)))
      .map(({ file, path }) => `${file} names ${path}`),
    [],
  );
});

t.test('every decision has a page of the same form, and stands in both indexes', async (t) => {
  const pages = readdirSync(join(ROOT, DECISIONS), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /^\w+\/.*\.md$/.test(file),
  );
  const index = linksOf(read(`${DECISIONS}/README.md`));
  t.same(index.toSorted(), pages.toSorted());
  const architecture = read('ARCHITECTURE.md');
  const list = architecture.slice(architecture.indexOf('## Decisions'));
  for (const page of pages) {
    const text = read(`${DECISIONS}/${page}`);
    t.same(
      [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title),
      ['Context', 'Decision', 'Consequences', 'Evidence'],
      page,
    );
    t.ok(new RegExp(`[ (]${basename(page, '.md')}\\b`).test(list), `ARCHITECTURE.md lists ${page}`);
  }
});
