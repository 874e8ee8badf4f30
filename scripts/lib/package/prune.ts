import { readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** Built into the programs by Vite (daemon/vite.config.ts), or types only. */
const PACKAGES = ['typebox', '@fastify/type-provider-typebox', 'libphonenumber-js', '@types', '.bin'];
/** Native parts that are not compiled here: ssh2 takes Node's own ciphers without them. */
const NATIVE = ['cpu-features', 'buildcheck', 'nan'];
/** Folders of a package that no program loads. Only right below it: `doc` further down may be its own code. */
const FOLDERS =
  /^(tests?|__tests__|spec|docs?|examples?|bench(marks?)?|coverage|tools|\.github|\.vscode|\.idea|node-gyp|fixtures|man|dist-es|dist-types)$/;
const FILES =
  /\.(map|[cm]?ts|md|markdown|ya?ml|coffee|tsbuildinfo|c|cc|cpp|h|hpp|gypi?|flow|lock|log|patch|sh)$|^\.|^Makefile$/i;
/** What the law or its author wants to be kept with it. */
const LICENSE = /licen[cs]e|copying|notice|copyright/i;
/** Folders and files of single packages that nothing loads, seen by what they weigh. */
const WITHIN: Record<string, RegExp> = {
  'better-sqlite3': /^(deps|src|build)\//,
  // Bundles for browsers, beside what Node loads.
  pdfkit: /^js\/pdfkit\.standalone\./,
  lodash: /^(fp|core|lodash\.min|core\.min)/,
  fontkit: /^(src\/|dist\/(browser|module))/,
  '@aws-sdk/client-s3': /^dist-(es|types)\//,
  'lru-cache': /^dist\/(esm|commonjs)\/(browser|.*\.min\.)/,
  'dejavu-fonts-ttf': /^(status\.txt|NEWS|unicover\.txt|langcover\.txt|fontconfig\/)/,
};

/** The package that a path of node_modules is in, and the path in it. */
function within(path: string): { name: string; rest: string } {
  const at = path.lastIndexOf('node_modules/');
  const inside = at < 0 ? path : path.slice(at + 'node_modules/'.length);
  const parts = inside.split('/');
  const size = parts[0]!.startsWith('@') ? 2 : 1;
  return { name: parts.slice(0, size).join('/'), rest: parts.slice(size).join('/') };
}

/** Whether a file of node_modules is one that no program loads. */
export function isUnused(path: string): boolean {
  if ([...PACKAGES, ...NATIVE].some((name) => path === name || path.startsWith(`${name}/`))) return true;
  const { name, rest } = within(path);
  const parts = rest.split('/');
  const file = parts.at(-1)!;
  if (LICENSE.test(file)) return false;
  return (
    (parts.length > 1 && FOLDERS.test(parts[0]!)) || FILES.test(file) || (WITHIN[name]?.test(rest) ?? false)
  );
}

/** Names of other files in a file, as `require`, `import` and `export … from` have them. */
const NAMED = /(?:\brequire\(|\bfrom|\bimport\(|\bimport|\bresolve\()\s*['"](\.{1,2}(?:\/[^'"\n]*)?)['"]/g;
const ENDINGS = [
  '',
  '.js',
  '.json',
  '.cjs',
  '.mjs',
  '.node',
  '/index.js',
  '/index.json',
  '/index.cjs',
  '/index.mjs',
];
const PROGRAM = /\.[cm]?js$/;
/** Of a package's `exports`, for browsers and type checkers. */
const ELSEWHERE = new Set([
  'types',
  'typings',
  'browser',
  'deno',
  'bun',
  'worker',
  'react-native',
  'module',
  'development',
]);

/** The files that a package.json sends Node to. */
function entriesOf(text: string): string[] {
  const { main, exports, imports } = JSON.parse(text) as Record<string, unknown>;
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string') found.push(value);
    else if (value && typeof value === 'object')
      for (const [condition, one] of Object.entries(value)) if (!ELSEWHERE.has(condition)) walk(one);
  };
  for (const one of [main ?? 'index.js', exports, imports]) walk(one);
  return found;
}

/** The paths, from the folder of the modules, that a file may load. */
function loadedBy(path: string, text: string): string[] {
  const named = path.endsWith('/package.json')
    ? entriesOf(text)
    : PROGRAM.test(path)
      ? [...text.matchAll(NAMED)].map(([, name]) => name!)
      : [];
  return named.flatMap((name) => ENDINGS.map((ending) => normalize(join(dirname(path), `${name}${ending}`))));
}

/**
 * Removes from a node_modules what no program loads, and folders that are empty then. What a file that stays names is kept whatever
 * the lists above say, and what that names in turn.
 */
export function prune(modules: string): void {
  const files = readdirSync(modules, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(modules, join(entry.parentPath, entry.name)));
  const removed = new Set(files.filter(isUnused));
  const dropped = (path: string) => [...PACKAGES, ...NATIVE].some((name) => path.startsWith(`${name}/`));
  const reading = files.filter((path) => !removed.has(path));
  for (let path = reading.pop(); path; path = reading.pop()) {
    if (!PROGRAM.test(path) && !path.endsWith('/package.json')) continue;
    for (const loaded of loadedBy(path, readFileSync(join(modules, path), 'utf8')))
      if (removed.has(loaded) && !dropped(loaded)) {
        removed.delete(loaded);
        reading.push(loaded);
      }
  }
  for (const path of removed) rmSync(join(modules, path));
  removeEmpty(modules);
}

function removeEmpty(dir: string): void {
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (entry.isDirectory()) removeEmpty(join(dir, entry.name));
  if (readdirSync(dir).length === 0) rmdirSync(dir);
}
