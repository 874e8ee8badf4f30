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
/** Packages of hundreds of small files, which the program has built in (daemon/vite.config.ts), with what is imported of each. */
const BUILT_IN = {
  typebox: ['.', './compile', './value'],
  '@fastify/type-provider-typebox': ['.'],
  'libphonenumber-js': ['./min'],
};
const PACKAGES = join(OUT, 'node_modules');
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

/**
 * Makes a few files of each of these packages, where the compiled sources find them before those of npm: to find and read the
 * files of typebox alone took 0.2 s of processor in each test file, and in each program that it runs.
 */
async function packPackages() {
  const done = join(PACKAGES, 'done');
  const versions = JSON.stringify(
    Object.keys(BUILT_IN).map((name) => readFileSync(join('node_modules', name, 'package.json'), 'utf8')),
  );
  if (time(done) > time(SELF) && readFileSync(done, 'utf8') === versions) return;
  const { build } = await import('vite');
  const beginning = `${PACKAGES}.${process.pid}`;
  const entries = Object.entries(BUILT_IN).flatMap(([name, parts]) =>
    parts.map((part) => [join(name, part === '.' ? 'index' : part), join(name, part)]),
  );
  // A build says in the environment that it is one, and every test would inherit that.
  const { NODE_ENV } = process.env;
  await build({
    ...{ configFile: false, logLevel: 'warn' },
    build: {
      ...{ ssr: true, outDir: beginning, emptyOutDir: true, target: 'node20', minify: false },
      rolldownOptions: {
        input: Object.fromEntries(entries),
        output: { entryFileNames: '[name].js', chunkFileNames: 'shared-[hash].js' },
      },
    },
    ssr: { noExternal: Object.keys(BUILT_IN) },
  });
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = NODE_ENV;
  for (const [name, parts] of Object.entries(BUILT_IN)) {
    const exports = parts.map((part) => [part, part === '.' ? './index.js' : `${part}.js`]);
    const about = { name, type: 'module', exports: Object.fromEntries(exports) };
    writeFileSync(join(beginning, name, 'package.json'), JSON.stringify(about));
  }
  writeFileSync(join(beginning, 'done'), versions);
  rmSync(PACKAGES, { recursive: true, force: true });
  renameSync(beginning, PACKAGES);
}

/** Compiles what has changed since it was compiled, and removes what no longer has a source. */
export async function compileSources() {
  // What is compiled names its folder: of a copy of another clone it would run that one's files.
  const from = join(OUT, 'root');
  if (existsSync(OUT) && (!existsSync(from) || readFileSync(from, 'utf8') !== ROOT))
    rmSync(OUT, { recursive: true });
  mkdirSync(OUT, { recursive: true });
  writeFileSync(from, ROOT);
  const sources = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  ).filter((file) => SOURCE.test(file) && !file.startsWith('test/fixtures/'));
  const outputs = new Map(sources.map((file) => [outputOf(file), file]));
  if (existsSync(OUT))
    for (const name of readdirSync(OUT, { recursive: true, encoding: 'utf8' }))
      if (/\.m?js$/.test(name) && !name.startsWith('node_modules/') && !outputs.has(join(OUT, name)))
        rmSync(join(OUT, name));
  const old = [...outputs].filter(([output, file]) => time(output) <= Math.max(time(file), time(SELF)));
  for (const [output, file] of old) await compile(file, output);
  await packPackages();
}
