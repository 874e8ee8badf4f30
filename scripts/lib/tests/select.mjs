// Prints which test files a call of scripts/test means, one per line: `node scripts/lib/tests/select.mjs [ARG...]`
//
// Exits with 2 for arguments that are not understood. What only `all` runs is in test/lanes.json, by what it is.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reachedBy } from '../reach.mjs';

export const LANES = ['unit', 'programs', 'web', 'pbx'];
/** Where a run notes which of its files failed. */
export const FAILED = '.test/failed.json';

export const laneOf = (file) => /^test\/(\w+)\//.exec(file)?.[1] ?? 'elsewhere';

/** Every test file, by lane and name. */
export const allFiles = () =>
  LANES.flatMap((lane) =>
    readdirSync(join('test', lane), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join('test', lane, name))
      .sort(),
  );

/** What `scripts/test` leaves to `scripts/test all`: files by what they are. */
export const leftOut = () => JSON.parse(readFileSync('test/lanes.json', 'utf8')).all;

function git(args) {
  const { status, stdout, stderr } = spawnSync('git', args, { encoding: 'utf8' });
  if (status === 0) return stdout.split('\n').filter(Boolean);
  throw new Error(`git ${args.join(' ')}: ${stderr.trim()}`);
}

/** Files that differ from a revision, those that git does not know yet included. */
const changedSince = (revision) => [
  ...git(['diff', '--name-only', '--no-renames', revision, '--']),
  ...git(['ls-files', '--others', '--exclude-standard']),
];

const defaultFiles = () => {
  const left = new Set(Object.values(leftOut()).flat());
  return allFiles().filter((file) => !left.has(file));
};

/** Returns the files that these arguments mean. Throws an Error that says what is wrong with them. */
export function selectFiles(args) {
  if (args.length === 0) return defaultFiles();
  if (args[0] === '--failed') {
    if (!existsSync(FAILED)) throw new Error('No run has noted its failures here yet. Run: scripts/test');
    return JSON.parse(readFileSync(FAILED, 'utf8')).filter((file) => existsSync(file));
  }
  if (args[0] === '--changed') return reachedBy(changedSince(args[1] ?? 'HEAD'));
  return args.flatMap((arg) => {
    if (arg === 'all') return allFiles();
    if (LANES.includes(arg)) return allFiles().filter((file) => laneOf(file) === arg);
    const file = relative('.', arg);
    if (arg.endsWith('.test.ts') && existsSync(file)) return [file];
    throw new Error(arg.endsWith('.test.ts') ? `There is no ${arg}.` : `"${arg}" is not understood.`);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    for (const file of new Set(selectFiles(process.argv.slice(2)))) console.log(file);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 2;
  }
}
