// Which test files a change can make fail: those that import it, themselves or by way of other files, and those that start the
// built program, which has all of daemon/ and web/ in it.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';

const FOLDERS = ['daemon', 'web', 'scripts', 'test', 'docs/.vitepress'];
const SOURCE = /(?<!\.d)\.(m?tsx?|mjs)$/;
const TEST = /^test\/.*\.test\.ts$/;
/** Imports, but those of types alone, which change nothing that runs; and what is started by its address. */
const IMPORT =
  /(?:^|[;{}\s])(?:import|export)\s(?!type\s)[^'"();]*?from\s*['"](\.[^'"]+)['"]|\b(?:import|new URL)\s*\(?\s*['"](\.[^'"]+)['"]/g;
/** A program that a test starts by its path. */
const PROGRAM = /['"`/]([\w-]+\.m?ts|[\w-]+\.mjs)['"`]/g;
/** A file of the tests that names what was built runs it, and one that builds the pages opens them. */
const RUNS_BUILT = /['"`/]dist['"`/]|['"`/]web\/ui['"`/]/;
/** What is built into it. */
const BUILT = /^(daemon|web|prompts)\//;
/** These read the sources as text. */
const HOUSE = 'test/unit/house/';
/** What every file depends on. */
const EVERYTHING =
  /^(package(-lock)?\.json|tsconfig\.json|scripts\/test|scripts\/lib\/(run-tests|compile|compiled)\.mjs)$/;

const isFile = (path) => existsSync(path) && statSync(path).isFile();

function sourcesOf(root) {
  return FOLDERS.filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name),
      ),
    )
    .filter(
      (file) => SOURCE.test(file) && !/node_modules|^test\/fixtures\//.test(file) && isFile(join(root, file)),
    );
}

/** The source that an import means: it names what is made of it. */
function sourceAt(root, path) {
  const bare = path.replace(/\.jsx?$/, '');
  return [path, `${bare}.ts`, `${bare}.tsx`, `${bare}.mjs`].find((one) => isFile(join(root, one))) ?? null;
}

/** Returns, by its path, each source with its text and with the sources that it imports. */
export function readSources(root = '.') {
  const sources = new Map();
  const files = sourcesOf(root);
  const programs = files.filter((file) => /^(test\/support|scripts)\//.test(file));
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8');
    const imports = [...text.matchAll(IMPORT)].flatMap(
      ([, from, called]) => sourceAt(root, normalize(join(dirname(file), from ?? called))) ?? [],
    );
    const started = file.startsWith('test/')
      ? [...text.matchAll(PROGRAM)].flatMap(([, name]) => programs.filter((one) => basename(one) === name))
      : [];
    sources.set(file, { text, imports: [...imports, ...started] });
  }
  return sources;
}

/** Returns these files and all that they import, directly or not. */
export function importedBy(entries, sources) {
  const found = new Set(entries);
  for (const file of found) for (const next of sources.get(file)?.imports ?? []) found.add(next);
  return found;
}

/**
 * Returns the test files that reach one of these files, sorted by name. What is no source (a unit, a configuration of Asterisk)
 * is reached by whatever names it or its folder.
 */
export function reachedBy(changedFiles, sources = readSources()) {
  const changed = changedFiles.map((file) => normalize(file));
  const tests = [...sources.keys()].filter((file) => TEST.test(file)).sort();
  if (changed.some((file) => EVERYTHING.test(file))) return tests;
  const built = changed.some((file) => BUILT.test(file));
  const named = changed
    .filter((file) => !SOURCE.test(file) && !BUILT.test(file))
    .map(
      (file) =>
        new RegExp(
          `['"\`/]${(dirname(file) === '.' ? file : file.split('/')[0]).replaceAll('.', '\\.')}['"\`/]`,
        ),
    );
  const reaches = (file) => {
    const { text = '' } = sources.get(file) ?? {};
    return (
      changed.includes(file) ||
      (built && file.startsWith('test/') && RUNS_BUILT.test(text)) ||
      named.some((name) => name.test(text))
    );
  };
  const hit = new Set([...sources.keys()].filter(reaches));
  return tests.filter((test) => {
    if (test.startsWith(HOUSE)) return true;
    for (const file of importedBy([test], sources)) if (hit.has(file)) return true;
    return false;
  });
}
