import { relative, resolve } from 'node:path';

/** What scripts/lib/run-tests.mjs loads before a test file that it has compiled with all others. */
const COMPILED = 'scripts/lib/compiled.mjs';

/** Arguments of Node.js for a program of the tests: compiled where this test is, or from its source. */
export const programOf = (source: string): string[] =>
  process.execArgv.some((arg) => resolve(arg) === resolve(COMPILED))
    ? [
        '--import',
        resolve(COMPILED),
        resolve('.test/compiled', relative('.', source).replace(/\.ts$/, '.js')),
      ]
    : ['--import', import.meta.resolve('tsx'), source];
