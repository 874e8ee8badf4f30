import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { ulid } from 'ulid';
import { RUNS_ONLY } from '../../daemon/domain/people/person.js';
import * as passwords from '../../daemon/ops/secrets/password.js';
import { openDashboard, post, START } from '../support/web/dashboard.js';

/**
 * Whether the time that a sign-in takes tells which names there are: wrong passwords for names of people and for names of
 * nobody, in turn, at the real cost of a password (`npm run bench:signin -- 1000`). Ends with 1 when it does.
 */
const PAIRS = Number(process.argv[2] ?? 1_000) / 2;
/** Ms between the medians. */
const MOST = 5;

const dir = mkdtempSync(join(tmpdir(), 'tapedeck-signin-'));
mkdirSync(join(dir, 'ui'));
writeFileSync(join(dir, 'ui', 'index.html'), '<!doctype html>');
const ends: (() => Promise<void>)[] = [];
const t = { testdir: () => dir, teardown: (end: () => Promise<void>) => ends.push(end) };
const { app, catalogue } = await openDashboard(t as unknown as Test, { passwords });
await app.ready();
const passwordHash = await passwords.hashPassword('four unrelated quiet words');
const number = (n: number) => String(n).padStart(4, '0');
await Promise.all(
  Array.from({ length: PAIRS }, (_, n) =>
    catalogue.people.add({
      ...{ ...RUNS_ONLY, id: ulid(), name: `person ${number(n)}` },
      ...{ passwordHash, createdAt: START },
    }),
  ),
);

let asked = 0;
/** Each from an address of its own, so that no limit is met. */
async function time(name: string): Promise<number> {
  const remoteAddress = `10.9.${asked >> 8}.${asked & 255}`;
  asked += 1;
  const began = performance.now();
  const { statusCode } = await post(app, '/session', { name, password: 'a guess' }, {}, { remoteAddress });
  const took = performance.now() - began;
  if (statusCode !== 401) throw new Error(`${name} is answered with ${statusCode}`);
  return took;
}

const times = { person: [] as number[], nobody: [] as number[] };
for (let n = 0; n < PAIRS; n++)
  for (const who of n % 2 ? (['person', 'nobody'] as const) : (['nobody', 'person'] as const))
    times[who].push(await time(`${who} ${number(n)}`));

const at = (list: number[], share: number) =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length * share)]!;
const [known, unknown] = [at(times.person, 0.5), at(times.nobody, 0.5)];
const difference = known - unknown;
for (const [what, list] of [
  ['names of people', times.person],
  ['names of nobody', times.nobody],
] as const)
  console.log(
    `${list.length} ${what}: median ${at(list, 0.5).toFixed(2)} ms, 5 to 95 % ${at(list, 0.05).toFixed(2)} to ${at(list, 0.95).toFixed(2)} ms`,
  );
console.log(`the medians differ by ${difference.toFixed(2)} ms`);
for (const end of ends) await end();
rmSync(dir, { recursive: true, force: true });
process.exit(Math.abs(difference) < MOST ? 0 : 1);
