import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { Secret, TOTP } from 'otpauth';
import type { ControlName } from '../../../daemon/domain/operations/control.js';
import {
  catalogueFile,
  controlSocket,
  tlsFiles,
  tlsFolder,
  webFile,
  webFolder,
} from '../../../daemon/domain/paths.js';
import { connectControl } from '../../../daemon/ops/control-client.js';
import { hashPassword } from '../../../daemon/ops/secrets/password.js';
import { callOf } from './before-one-writer.js';
import { type Secrets, tryFiles } from './intruder-files.js';

/*
 * Run as the dashboard's user: what somebody who has taken the dashboard over can try. Prints a line of JSON for each try: its name,
 * what came of it ("done", or the code of the error), and what it was told.
 */
const { dataDir, secrets, pid, guesses, code, locks } = JSON.parse(process.argv[2]!) as {
  dataDir: string;
  secrets: Secrets;
  pid: number;
  guesses: number;
  /** Of an app, which its owner has just given for rules. */
  code: string;
  /** Whether it locks the catalogue too, for which somebody ends its child. */
  locks: boolean;
};
const catalogue = catalogueFile(dataDir);
const control = connectControl(dataDir);

async function attempt(name: string, act: () => unknown): Promise<void> {
  let came = 'done';
  let told: unknown = null;
  try {
    told = (await act()) ?? null;
  } catch (e) {
    came = String((e as { code?: unknown }).code ?? (e as Error).message);
  }
  process.stdout.write(`${JSON.stringify({ name, came, told })}\n`);
}

const signed = (person: string, session = 'an invented one') => ({
  person,
  session,
  address: '192.168.1.20',
});
const anna = signed('anna');
/** Asks without the types: whoever has taken the dashboard over sends what they like. */
const ask = (name: ControlName, body: object): Promise<unknown> =>
  (control.ask as (name: ControlName, body: object) => Promise<unknown>)(name, body);

/** A request as it is written, to a path that the client would not ask for. */
const raw = (path: string, body: object): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const req = request({ socketPath: controlSocket(dataDir), method: 'POST', path, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    req.once('error', reject).end(JSON.stringify(body));
  });
const refusedOf = async (status: Promise<number>) => {
  const got = await status;
  if (got !== 200) throw Object.assign(new Error(), { code: `status ${got}` });
};

await tryFiles({ dataDir, secrets, pid }, attempt);

const hash = await hashPassword('four unrelated quiet words');
// What changes something asks for a proof that the recorder has looked at itself.
const policy = {
  record: [],
  retention: [{ name: 'Mine', reason: 'Mine.', when: {}, keep_days: 1 }],
  emergency_numbers: ['112'],
};
const save = (by: object, basedOn = 2) =>
  ask('save_policy', { by, policy, based_on: basedOn, no_emergency_numbers: true });
const rights = {
  roles: ['admin'],
  scope: { all: true, extensions: [], queues: [], dids: [] },
  extensions: [],
  grants: [],
};
await attempt('save rules without a proof', () => save(anna));
await attempt("save rules in somebody else's session", () => save(signed('anna', 'proved by carla')));
await attempt('save rules as somebody who is not there', () => save(signed('nobody')));
await attempt('save rules as an agent', () => save(signed('ben')));
await attempt('save rules by an API token', () => save({ ...anna, token: 'monitoring' }));
await attempt('save rules as the command line', () => save({ console: 'root' }));
await attempt('erase what is due without a proof', () => ask('run_retention', { by: anna }));
await attempt('erase what is due as the command line', () =>
  ask('run_retention', { by: { console: 'root' } }),
);
await attempt('add an admin', () => ask('add_person', { by: anna, name: 'Mallory', rights }));
await attempt('make an agent an admin', () =>
  ask('change_person', { by: anna, id: 'ben', name: 'Ben Orchard', rights }),
);
await attempt('give somebody a link for a password', () => ask('invite_person', { by: anna, id: 'carla' }));
await attempt('remove somebody', () => ask('remove_person', { by: anna, id: 'carla' }));
await attempt('ask for no second factors', () => ask('set_factor_roles', { by: anna, roles: [] }));
await attempt('make an API token', () =>
  ask('make_token', { by: anna, name: 'mine', rights: ['play'], days: 9 }),
);
await attempt('add an authenticator app', () => ask('begin_totp', { by: anna }));
await attempt('add a passkey', () =>
  ask('begin_passkey', { by: anna, place: { host: 'localhost', origin: 'http://localhost' } }),
);
await attempt('make new recovery codes', () => ask('new_recovery_codes', { by: anna }));
await attempt('take an app away', () => ask('remove_factor', { by: anna }));

// Somebody has just shown who they are to change the rules. What else it may be used for: nothing.
const proved = signed('anna', 'proved by anna');
const byRules: [string, ControlName, object][] = [
  ['erase what is due', 'run_retention', {}],
  ['add an admin', 'add_person', { name: 'Mallory', rights }],
  ['make an agent an admin', 'change_person', { id: 'ben', name: 'Ben Orchard', rights }],
  ['give somebody a link', 'invite_person', { id: 'carla' }],
  ['remove somebody', 'remove_person', { id: 'carla' }],
  ['ask for no second factors', 'set_factor_roles', { roles: [] }],
  ['make an API token', 'make_token', { name: 'mine', rights: ['play'], days: 9 }],
  ['add an authenticator app', 'begin_totp', {}],
  ['add a passkey', 'begin_passkey', { place: { host: 'localhost', origin: 'http://localhost' } }],
  ['make new recovery codes', 'new_recovery_codes', {}],
  ['take an app away', 'remove_factor', {}],
];
for (const [name, request, body] of byRules)
  await attempt(`${name}, by a proof for rules`, () => ask(request, { by: proved, ...body }));
await attempt('save other rules than were named, by a proof for rules', () => save(proved, 1));
const people = { kind: 'people', object: 'ben' };
await attempt('use a code again, to make an agent an admin', () =>
  ask('prove', {
    ...{ person: 'anna', session: 'proved by anna', address: '', begins: false, device: null },
    ...{ act: people, means: { code } },
  }),
);
await attempt('choose a password by a guessed link', () =>
  ask('choose_password', {
    code: 'AAAA-AAAA-AAAA-AAAA-AAAA',
    hash,
    address: '',
  }),
);
await attempt('be the first user', () =>
  ask('claim_setup', {
    code: 'AAAA-AAAA-AAAA-AAAA-AAAA',
    name: 'Mallory',
    hash,
    hears: true,
    address: '',
  }),
);
await attempt('make somebody of a directory that there is not', () =>
  ask('save_outsider', {
    source: 'oidc',
    subject: 'mallory',
    name: 'Mallory',
    groups: ['admins'],
    extensions: [],
  }),
);
await attempt('sign in by the word of a directory', () =>
  ask('prove', {
    person: 'anna',
    session: 's',
    address: '',
    begins: true,
    device: null,
    act: null,
    means: { word: ['directory'] },
  }),
);
for (const path of [
  'add-user',
  'set-password',
  'reset-factors',
  'remove-factors',
  'write-entry',
  'put-finding',
  'reseal-totp',
])
  await attempt(`ask /owner/${path}`, () => refusedOf(raw(`/owner/${path}`, { by: { console: 'root' } })));
await attempt('accept another audit log', () =>
  refusedOf(raw('/audit/accept', { by: 'root', reason: 'mine' })),
);

// What is heard and given out is on record first, and is what the recorder has.
const pack = (by: object, call: string) =>
  control.askStream('make_evidence', { by, call, reason: 'mine', version: '' } as never);
await attempt('an evidence pack of an invented call', () => pack(anna, '01KCAAAAAAAAAAAAAAAAAAAAAA'));
await attempt('an evidence pack of a path', () => pack(anna, '../../etc/passwd'));
await attempt('an evidence pack as somebody without the right', () => pack(signed('ben'), callOf(0)));
const hear = (by: object, call: string) => ask('open_recording', { by, call, as: 'play', reason: 'mine' });
await attempt('hear a call as somebody who is not there', () => hear(signed('nobody'), callOf(0)));
await attempt('hear a call as an agent who was not on it', () => hear(signed('ben'), callOf(0)));
await attempt('hear a call by an API token without that right', () =>
  hear({ ...anna, token: 'monitoring' }, callOf(0)),
);
await attempt('hear an erased call', () => hear(anna, callOf(3)));
await attempt('hear a call as a test call', () =>
  ask('open_test_call', { pass: 'guessed', call: callOf(0) }),
);
const tell = (action: string, more: object = {}) =>
  ask('tell', {
    source: 'mine',
    entries: [
      {
        seq: 1,
        at: Date.now(),
        person: 'anna',
        address: '',
        action,
        outcome: 'ok',
        object: '',
        object_id: '',
        reason: '',
        detail: {},
        ...more,
      },
    ],
  });
for (const action of ['sealed', 'erase', 'erased', 'policy_change', 'sign_in', 'play', 'export'])
  await attempt(`tell an entry "${action}"`, () => tell(action));

// So many codes, each from a browser that is invented.
await attempt('guess one-time codes', async () => {
  let looked = 0;
  for (let n = 0; n < guesses; n++)
    await ask('prove', {
      ...{ person: 'anna', session: 'guessed', address: `10.0.0.${n % 250}`, begins: false },
      ...{ device: String(n).padStart(64, '0'), act: null, means: { code: String(n).padStart(6, '0') } },
    }).then(
      (answer) => {
        if (!('wait_seconds' in (answer as object))) throw Object.assign(new Error(), { code: 'guessed' });
      },
      (e) => {
        if ((e as { code: string }).code === 'factor_wrong') looked += 1;
      },
    );
  throw Object.assign(new Error(), {
    code: looked <= 20 ? 'waits' : `${looked} of ${guesses} were looked at`,
  });
});

// What it can still do, which SECURITY.md names.
await attempt('CAN hear a call as somebody who may', () => hear(anna, callOf(0)));
await attempt('CAN have an evidence pack made of a real call', async () => {
  const { stream } = await pack(anna, callOf(0));
  for await (const _ of stream);
});
await attempt('CAN tell that somebody looked at a call', () =>
  tell('view', { object: 'call', object_id: callOf(0) }),
);
await attempt('CAN end the sessions of somebody', () => ask('shut_out', { by: anna, id: 'carla' }));
await attempt('CAN revoke an API token', () => ask('remove_token', { by: anna, id: 'monitoring' }));
await attempt('CAN say that the directory has lost somebody', () => {
  const db = new Database(catalogue, { readonly: true });
  const { id } = db.prepare("SELECT id FROM users WHERE source = 'ldap'").get() as { id: string };
  db.close();
  return ask('outsider_gone', { id });
});
await attempt('CAN begin a check of all recordings', () => ask('check_recordings', { by: anna }));
await attempt('CAN have the audit log signed', () => ask('sign_checkpoint', {}).then(() => null));
await attempt('CAN read the catalogue', () => {
  const db = new Database(catalogue, { readonly: true });
  const rows = db.prepare('SELECT count(*) AS calls FROM calls').get();
  db.close();
  return rows;
});
await attempt('CAN write its own files', () => {
  for (const file of [webFile(dataDir), tlsFiles(dataDir).served]) fs.closeSync(fs.openSync(file, 'r+'));
});
for (const folder of [webFolder(dataDir), tlsFolder(dataDir)])
  await attempt(`put a file into ${basename(folder)}/, of which it could make a million`, () =>
    fs.writeFileSync(join(folder, 'mine'), 'mine'),
  );
await attempt('CAN save the rules that somebody has just shown who they are for, in their session', () =>
  save(signed('anna', 'proved by anna')),
);

// Which groups somebody is in is its word, and so is that it is they who add their first second factor.
await attempt('become an admin where groups of a directory make admins, and save rules', async () => {
  const groups = ['cn=admins,dc=office'];
  const mallory = { source: 'ldap', subject: 'cn=mallory', name: 'Mallory', groups, extensions: [] };
  const { id } = (await ask('save_outsider', mallory)) as { id: string };
  const by = signed(id, 'mine');
  const { secret } = (await ask('begin_totp', { by })) as { secret: string };
  await ask('confirm_totp', { by, code: new TOTP({ secret: Secret.fromBase32(secret) }).generate() });
  return save(by, 3);
});

// Connections that ask for nothing, and a lock on SQLite's shared memory, while the recorder is looked at by its owner. It would
// last for a minute; the recorder has the dashboard restarted before.
if (locks)
  await attempt('CAN hold connections, and a lock until the dashboard is restarted', async () => {
    const held = Array.from({ length: 200 }, () =>
      createConnection(controlSocket(dataDir)).on('error', () => {}),
    );
    const lock =
      'import fcntl,sys,time\nf=open(sys.argv[1],"rb")\nfcntl.lockf(f,fcntl.LOCK_SH|fcntl.LOCK_NB,8,120)\ntime.sleep(60)';
    const holder = spawn('/usr/bin/python3', ['-c', lock, `${catalogue}-shm`], { stdio: 'ignore' });
    const ended = new Promise<string | null>((resolve) =>
      holder.once('exit', (_, signal) => resolve(signal)),
    );
    // What the recorder is asked to write meanwhile waits, or is refused: so it learns of the lock.
    const asking = setInterval(() => void ask('check_recordings', { by: anna }).catch(() => {}), 500);
    const signal = await ended;
    clearInterval(asking);
    for (const one of held) one.destroy();
    if (signal !== 'SIGKILL') throw Object.assign(new Error(), { code: 'nobody ended the lock' });
  });
process.exit(0);
