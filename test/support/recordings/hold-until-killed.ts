import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { digestOfShown } from '../../../daemon/domain/approval/approval.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { ANY_CALL } from '../../../daemon/domain/retention/hold.js';
import { createSigningKey } from '../../../daemon/vault/signing-key.js';
import { noted } from '../words.js';
import { aCall, aRecording } from './a-call.js';
import { NOW, openHouse } from './erase-until-killed.js';
import { countSteps } from './killed-at.js';
import { ruled } from './retaining.js';

type House = Awaited<ReturnType<typeof openHouse>>;

const DAY = 86_400_000;
const DIGEST = digestOfShown({});
const named = (name: string) => ({ number: '+15550123', name, ours: false });

/** Which caller each matter asks for by its query. */
export const MATTERS = { M: 'Smith', N: 'Carol', O: 'Dora' } as const;

const opened = (house: House, id: keyof typeof MATTERS) =>
  house.catalogue.holds.open({
    ...{ id, name: id, reason: 'Letter', openedBy: 'Eve', openedAt: NOW },
    query: { ...ANY_CALL, text: MATTERS[id] },
  });

/** What is left to do of matters and releases, as the recorder does after a start. */
export async function workOut({ catalogue }: House): Promise<void> {
  for (const id of await catalogue.holds.applying()) while (!(await catalogue.holds.apply(id, 1, NOW)));
  for (const { id } of await catalogue.holds.releases())
    while (!(await catalogue.holds.carryOut(id, 1, NOW)));
}

/** Keeps a recording that is due. */
async function keep(house: House, dir: string, id: string, name: string): Promise<void> {
  const recording = aRecording(id, `C${id}`, {
    ...{ keepUntil: NOW - DAY, sealedAt: NOW - 2 * DAY, keepRule: 'Short', keepWhy: noted('Law') },
  });
  const file = join(dir, recording.file);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'sealed');
  await house.keys.create(id);
  await house.catalogue.calls.save(aCall(`C${id}`, { them: named(name) }));
  const decided = { status: 'recorded', why: null, rule: null, missingMs: 0 } as const;
  await house.catalogue.recordings.sealed(recording, Buffer.alloc(100), decided);
}

/** Four recordings that are due; O holds R4, and may be released, M holds none yet, and N is not open. */
export async function furnishHolds(dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const masterKey = randomBytes(32);
  writeFileSync(join(dir, 'master.bin'), masterKey);
  createSigningKey(dir, masterKey);
  const house = await openHouse(dir);
  const { catalogue } = house;
  await catalogue.policy.save(ruled, 'test', NOW, 0);
  for (const id of ['ada', 'ben'])
    await catalogue.people.add({ ...FOUNDER, id, name: id, passwordHash: 'h', createdAt: 1 });
  for (const [id, name] of Object.entries({ R1: 'Ada', R2: 'Bob', R3: 'Carol', R4: 'Dora' }))
    await keep(house, dir, id, name);
  for (const id of ['M', 'O'] as const) await opened(house, id);
  await workOut(house);
  await catalogue.approvals.ask({
    ...{ id: 'A', act: 'release_hold', object: 'O', digest: DIGEST, shown: {}, reason: 'Over', alone: false },
    ...{ askedBy: { id: 'ada', name: 'ada' }, askedAt: NOW - DAY, expiresAt: NOW + DAY, notBefore: NOW },
  });
  await catalogue.approvals.approve('A', { digest: DIGEST, by: { id: 'ben', name: 'ben' }, at: NOW - 1 });
  await house.close();
}

/** Has `before` called before every statement that writes, and before every commit. */
function watchWrites(before: (sql: string) => void): void {
  const memory = new Database(':memory:');
  const statement = Object.getPrototypeOf(memory.prepare('SELECT 1')) as Database.Statement;
  memory.close();
  const { run } = statement;
  statement.run = function (this: Database.Statement, ...values: unknown[]) {
    before(this.source.replace(/\s+/g, ' ').trim());
    return run.apply(this, values);
  };
}

/** What is written of holds, and of what they are worked out from. */
const WRITES = /^(INSERT INTO|UPDATE|DELETE FROM) (hold_\w+|matters|calls|call_reach|recordings|approvals)\b/;

/**
 * Run as a program: seals a recording that M asks for, changes a call so that M asks for it, opens and applies N, releases O, and
 * erases what is due; dies by SIGKILL before the nth of these writes and commits.
 */
if (process.argv[1] === import.meta.filename) {
  const [dir, nth] = process.argv.slice(2) as [string, string];
  const step = countSteps(dir, nth);
  let counts = false;
  const house = await openHouse(dir);
  const { catalogue } = house;
  watchWrites((sql) => {
    const writes = WRITES.test(sql);
    if (!writes && !(sql === 'COMMIT' && counts)) return;
    counts = writes;
    step(sql);
  });
  await keep(house, dir, 'R5', 'Smith');
  await catalogue.calls.save(aCall('CR1', { them: named('Smith') }));
  await opened(house, 'N');
  await workOut(house);
  const { revision } = (await catalogue.holds.get('O'))!;
  const upto = await catalogue.holds.newestPlace();
  await catalogue.holds.release(
    {
      ...{ id: 'L', matter: 'O', upto, letting: { what: 'all' }, approval: 'A', reason: 'Over' },
      ...{ askedBy: 'ada', approvedBy: 'ben', at: NOW },
    },
    { digest: DIGEST, revision },
  );
  await workOut(house);
  await house.retain.run();
  await house.close();
  process.stdout.write('finished');
}
