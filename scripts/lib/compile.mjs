// Compiles the sources once for all test files that run: to have each of them compile what it imports, module by module, took
// more processor time than many of the tests. Each source becomes one file at the same place below .test/compiled, that imports
// the others as they import each other.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = resolve(import.meta.dirname, '../..');
const OUT = '.test/compiled';
const FOLDERS = ['daemon', 'web', 'scripts', 'test', 'docs/.vitepress'];
const SOURCE = /(?<!\.d)\.m?tsx?$|\.mjs$/;
const SELF = fileURLToPath(import.meta.url);

export const outputOf = (file) => join(OUT, file.replace(/\.tsx?$/, '.js'));
const time = (file) => (existsSync(file) ? statSync(file).mtimeMs : 0);

/** The compiled file to run for a test; null for one that has to be run from its source. */
export function compiledOf(file) {
  const output = outputOf(relative('.', file));
  if (!existsSync(output)) return null;
  // It runs a source of ours in the way in which it runs itself, or one that it names only then.
  return /\bexecArgv\b|\bimport\((?!['"])/.test(readFileSync(file, 'utf8')) ? null : output;
}

/** The source of a compiled file. */
export const sourceOf = (output) => resolve(ROOT, relative(join(ROOT, OUT), output).replace(/\.js$/, '.ts'));

async function compile(file, output) {
  const { transformWithOxc } = await import('vite');
  const path = resolve(file);
  const literal = (value) => JSON.stringify(value);
  const { code, map } = await transformWithOxc(readFileSync(file, 'utf8'), path, {
    target: 'node20',
    sourcemap: true,
    tsconfig: false,
    jsx: { runtime: 'automatic', importSource: 'preact' },
    // Files beside the source are looked for there.
    define: {
      'import.meta.url': literal(pathToFileURL(path).href),
      'import.meta.filename': literal(path),
      'import.meta.dirname': literal(dirname(path)),
    },
  });
  const inline = Buffer.from(JSON.stringify({ ...map, sources: [path] })).toString('base64');
  mkdirSync(dirname(output), { recursive: true });
  const beginning = `${output}.${process.pid}`;
  writeFileSync(
    beginning,
    `${code}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,${inline}\n`,
  );
  renameSync(beginning, output);
}

/** Compiles what has changed since it was compiled, and removes what no longer has a source. */
export async function compileSources() {
  const sources = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  ).filter((file) => SOURCE.test(file) && !file.startsWith('test/fixtures/'));
  const outputs = new Map(sources.map((file) => [outputOf(file), file]));
  if (existsSync(OUT))
    for (const name of readdirSync(OUT, { recursive: true, encoding: 'utf8' }))
      if (/\.m?js$/.test(name) && !outputs.has(join(OUT, name))) rmSync(join(OUT, name));
  const old = [...outputs].filter(([output, file]) => time(output) <= Math.max(time(file), time(SELF)));
  for (const [output, file] of old) await compile(file, output);
}
