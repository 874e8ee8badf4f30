import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { Secret, TOTP } from 'otpauth';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import type { Act } from '../../../daemon/domain/people/act.js';
import { ask } from '../../../daemon/ops/control-client.js';
import { programOf } from '../program-of.js';
import { callOf, PASSWORD, TOTP_SECRET, unpackBefore } from './before-one-writer.js';
import { type Box, createBox, DASHBOARD, makeFolders, RECORDER } from './box.js';
import { createRestarter } from './restarter.js';

/** What was tried, what came of it, and what that should have been. */
export type Try = { name: string; came: string; told: unknown };

/** What may come of a try, by how its name begins: the first that fits counts. All that begins with CAN is named in SECURITY.md. */
const EXPECTED: [RegExp, RegExp][] = [
  [/^CAN /, /^done$/],
  [/^write /, /^SQLITE_(READONLY|CANTOPEN)/],
  [
    /^(?!remove somebody)(open|truncate|remove|rename|replace|change the mode of|change|put|read|end) /,
    /^(EACCES|EPERM)$/,
  ],
  [/^use a code again/, /^factor_wrong$/],
  [
    /by a proof for rules|without a proof|in somebody else's session|^(save rules by an API token)/,
    /^(proof_needed|forbidden)$/,
  ],
  [/as somebody who is not there/, /^not_signed_in$/],
  [/as the command line/, /^request_invalid$/],
  [/^save rules as an agent/, /^forbidden$/],
  [
    /^(add an|make an agent|give somebody|remove somebody|ask for no|make an API|add a passkey|make new|take an app)/,
    /^proof_needed$/,
  ],
  [/^choose a password/, /^invitation_unknown$/],
  [/^be the first user/, /^setup_code_wrong$/],
  [/^make somebody of a directory/, /^no_role$/],
  [/^become an admin where groups/, /^local_account_needed$/],
  [/^sign in by the word/, /^sign_in_failed$/],
  [/^(ask \/owner|accept another)/, /^status (400|404)$/],
  [/^an evidence pack of/, /^call_unknown$/],
  [/^(an evidence pack|hear a call)/, /^(forbidden|call_unknown)$/],
  [/^hear an erased call/, /^key_missing$/],
  [/^tell an entry/, /^request_invalid$/],
  [/^guess/, /^waits$/],
];
export const fits = ({ name, came }: Try) =>
  EXPECTED.find(([names]) => names.test(name))?.[1].test(came) ?? false;

/** What is in the audit log afterwards: each as often as it was done, with what was in it before. */
const ENTRIES: [action: string, about: string, times: number][] = [
  ['play', callOf(0), 2],
  ['export', callOf(0), 2],
  ['view', callOf(0), 2],
  ['policy_change', '3', 1],
  ['session_end', 'carla', 1],
  ['token_remove', 'monitoring', 1],
  ['dashboard_restart', '', 1],
];
/** A directory whose group makes admins. */
const DIRECTORY = `[ldap]
url = "ldaps://127.0.0.1:1"
base = "dc=office"
[[ldap.roles]]
group = "cn=admins,dc=office"
roles = ["admin"]
`;

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** Two people show who they are, each in a session of their own; one of them to change version 2 of the rules. Returns a code. */
export async function proveTwo(dataDir: string): Promise<string> {
  const prove = (
    person: string,
    act: Act | null,
    means: { password: string } | { code: string },
    begins = act === null,
  ) =>
    ask(dataDir, 'prove', {
      ...{
        person,
        session: `proved by ${person}`,
        address: '192.168.1.20',
        begins,
        device: null,
        act,
        means,
      },
    });
  await prove('carla', null, { password: PASSWORD });
  await prove('carla', { kind: 'rules', object: '2' }, { password: PASSWORD });
  await prove('anna', null, { password: PASSWORD });
  const secret = new Secret({ buffer: new Uint8Array(TOTP_SECRET).buffer });
  const code = new TOTP({ secret }).generate();
  await prove('anna', { kind: 'rules', object: '2' }, { code });
  return code;
}

/** A dashboard's user who was taken over, beside a recorder that runs on real data with its unit's users and modes. */
export async function createSeized() {
  const base = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  const box: Box = createBox(base, { extra: DIRECTORY, restarts: true });
  unpackBefore(box.dataDir);
  makeFolders(box.dataDir);
  await box.start('run');
  const code = await proveTwo(box.dataDir);

  /** Why its owner got no answer of the recorder. */
  const unanswered: string[] = [];

  return {
    box,
    /** Tries all of it. `guesses`: so many one-time codes. */
    async tryAll({ guesses }: { guesses: number }, say: (one: Try) => void = () => {}): Promise<Try[]> {
      const etc = (name: string) => join(base, 'etc', name);
      const secrets = { master: etc('master.key'), ari: etc('ari'), ami: etc('ami') };
      const given = { dataDir: box.dataDir, secrets, pid: box.pid('run'), guesses, code, locks: true };
      const ids = [`--reuid=${DASHBOARD}`, `--regid=${RECORDER}`, '--clear-groups', '--pdeathsig', 'KILL'];
      const program = join(import.meta.dirname, 'intruder.ts');
      const child = spawn(
        'setpriv',
        [...ids, process.execPath, ...programOf(program), JSON.stringify(given)],
        { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
      );
      // The intruder itself goes on, to say what came of it: its children stand for the dashboard's processes.
      const restarter = createRestarter(box.requests, () => {
        for (const pid of childrenOf(child.pid!)) process.kill(pid, 'SIGKILL');
      });
      const tries: Try[] = [];
      const looking = setInterval(
        () => ask(box.dataDir, 'status').catch((e) => unanswered.push(String(e))),
        250,
      );
      for await (const line of createInterface({ input: child.stdout })) {
        const one = JSON.parse(line) as Try;
        tries.push(one);
        say(one);
      }
      clearInterval(looking);
      restarter.stop();
      return tries;
    },
    /** What is not as SECURITY.md says: of the tries, and of what the recorder has afterwards. */
    async findings(tries: Try[]): Promise<string[]> {
      const found = tries.filter((one) => !fits(one)).map(({ name, came }) => `${name}: ${came}`);
      if (!tries.some(({ name }) => name.startsWith('CAN hold'))) found.push('not everything was tried');
      if (!box.running('run')) return [...found, 'the recorder has ended'];
      const run = (...args: string[]) => {
        const { status, out, err } = box.command(...args);
        if (status !== 0) found.push(`${args.join(' ')}: ${out}${err}`);
        return out;
      };
      run('verify', '--all');
      run('audit', 'verify');
      const calls = JSON.parse(run('calls', '--json')) as unknown[];
      if (calls.length !== 7) found.push(`${calls.length} calls of 7`);
      const db = new Database(catalogueFile(box.dataDir), { readonly: true });
      const count = db.prepare('SELECT count(*) FROM audit WHERE action = ? AND object_id = ?').pluck();
      // Two of them are in the data from before.
      for (const [action, about, times] of ENTRIES)
        if (count.get(action, about) !== times)
          found.push(`${count.get(action, about)} entries "${action}" of ${about}, ${times} expected`);
      db.close();
      for (const why of new Set(unanswered)) found.push(`its owner got no answer of the recorder: ${why}`);
      return found;
    },
    async stop(): Promise<void> {
      await box.stop();
      rmSync(base, { recursive: true, force: true });
    },
  };
}
