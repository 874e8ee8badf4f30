import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What the pages are made of. */
const SOURCES = ['web/ui', 'daemon/domain', 'package-lock.json'];
const KEPT_IN = '.test';
const DAY_MS = 86_400_000;

/** Tells one state of the sources from another, by the sizes and times of their files. */
function fingerprint(): string {
  const hash = createHash('sha256');
  for (const source of SOURCES)
    for (const path of statSync(source).isDirectory()
      ? readdirSync(source, { recursive: true, encoding: 'utf8' }).map((name) => join(source, name))
      : [source]) {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${path}\0${mtimeMs}\0${size}\0`);
    }
  return hash.digest('hex').slice(0, 16);
}

/** The pages as they are now, in a directory that every test of this state of the sources reads: the first one builds it. */
export async function builtPages(): Promise<string> {
  const kept = resolve(KEPT_IN, `pages-${fingerprint()}`);
  if (existsSync(kept)) return kept;
  mkdirSync(KEPT_IN, { recursive: true });
  const outDir = `${kept}.${process.pid}`;
  const { build } = await import('vite');
  // A build says in the environment that it is one, and whatever this process starts would inherit that.
  const { NODE_ENV } = process.env;
  await build({ root: 'web/ui', logLevel: 'warn', build: { outDir, emptyOutDir: true } });
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = NODE_ENV;
  try {
    renameSync(outDir, kept);
  } catch (e) {
    // Another test was faster.
    if (!existsSync(kept)) throw e;
    rmSync(outDir, { recursive: true });
  }
  for (const name of readdirSync(KEPT_IN)) {
    // That of another test may have got its name, or gone, since the directory was read.
    const found = statSync(join(KEPT_IN, name), { throwIfNoEntry: false });
    if (/^pages-/.test(name) && found && Date.now() - found.mtimeMs > DAY_MS)
      rmSync(join(KEPT_IN, name), { recursive: true, force: true });
  }
  return kept;
}
