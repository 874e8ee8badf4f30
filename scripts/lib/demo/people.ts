import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type ApiClient, type RecorderLab, readIfThere } from '../../../test/support/recorder.js';

export type Account = { name: string; password: string; can: string };

/** Who may sign in to the demo's dashboard. The first is the admin who sets it up. */
const PEOPLE = [
  {
    name: 'admin',
    can: 'administers Tapedeck, and hears every call',
    rights: ['--role', 'admin,reviewer', '--all'],
  },
  {
    name: 'receptionist',
    can: 'hears the calls of the queue "support"',
    rights: ['--role', 'reviewer', '--queues', 'support'],
  },
  {
    name: 'manager',
    can: 'administers Tapedeck too, and approves what takes two people',
    rights: ['--role', 'admin'],
  },
  { name: 'auditor', can: 'hears every call, with a reason', rights: ['--role', 'auditor'] },
];

/**
 * Makes the demo's users, each with a password made at random, unless an earlier demo has left them, and signs `api` in as
 * the admin. The passwords are kept in `file`, which only its owner may read. Returns the users, the admin first.
 */
export async function openAccounts({
  recorder,
  api,
  setupCode,
  file,
}: {
  recorder: RecorderLab;
  api: ApiClient;
  setupCode: string | null;
  file: string;
}): Promise<Account[]> {
  const kept = setupCode ? {} : (JSON.parse(readIfThere(file) ?? '{}') as Record<string, string>);
  const accounts = PEOPLE.map(({ name, can }) => ({
    name,
    can,
    password: kept[name] ?? randomBytes(12).toString('base64url'),
  }));
  const save = () =>
    writeFileSync(
      file,
      JSON.stringify(Object.fromEntries(accounts.map((a) => [a.name, a.password])), null, 2),
      {
        mode: 0o600,
      },
    );
  save(); // before any of them exists: what is made with a password that nobody knows is of no use
  const [admin, ...others] = accounts as [Account, ...Account[]];
  const add = async ({ name, password }: Account) => {
    if (kept[name]) return;
    const { rights } = PEOPLE.find((each) => each.name === name)!;
    const { code, err } = await recorder.command(['user', 'add', name, ...rights], `${password}\n`);
    if (code !== 0) throw new Error(`the user "${name}" could not be created: ${err.trim()}`);
  };
  if (setupCode) await api.setUp(setupCode, admin.name, admin.password);
  else {
    await add(admin);
    await api.signIn(admin.name, admin.password);
  }
  for (const account of others) await add(account);
  return accounts;
}
