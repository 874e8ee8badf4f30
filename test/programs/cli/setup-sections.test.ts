import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import t from 'tap';
import { loadConfig } from '../../../daemon/ops/config.js';
import { machine, pastOf, recordingsOf } from '../../support/box/runbook.js';
import { makeCertificates, startMailServer } from '../../support/peers/mail-server.js';
import { startS3 } from '../../support/peers/s3.js';
import { startSshd } from '../../support/peers/sftp.js';
import { startReceiver } from '../../support/peers/webhook-receiver.js';
import { atATerminal } from '../../support/setup/at-a-terminal.js';

/** `tapedeck backup setup` and `tapedeck alert setup`, against real stores and servers. No systemd runs these recorders. */
const past = await pastOf(t);
const MAIN = fileURLToPath(new URL('../../../dist/daemon/main.js', import.meta.url));
const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);

/** A machine, and what its configuration is. */
async function site(t: Parameters<typeof machine>[0]) {
  const m = await machine(t, past);
  const secret = (name: string, text: string) => {
    const file = join(m.dir, name);
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    return file;
  };
  return {
    ...{ ...m, secret },
    run: (...args: string[]) => m.lab.command(args),
    text: () => readFileSync(m.lab.config, 'utf8'),
    config: () => loadConfig(m.lab.config),
  };
}

t.test(
  'backups to a store: refused it changes nothing, and a bare machine is restored from there',
  async (t) => {
    const m = await site(t);
    const { place } = await startS3(t);
    const named = [
      ...['--s3-endpoint', place.endpoint, '--s3-bucket', place.bucket, '--s3-prefix', place.prefix],
      ...['--s3-access-key-id', place.access_key_id],
    ];
    const setup = ['backup', 'setup', ...named, '--recipient', recipient, '--key-path', 'none'];
    const before = m.text();
    const missing = await m.run('backup', 'setup');
    t.match(missing, {
      code: 2,
      err: /Missing: a place: --path, --s3-endpoint or --sftp-host; --recipient or/,
    });
    const halfNamed = await m.run(
      'backup',
      'setup',
      '--s3-endpoint',
      place.endpoint,
      '--recipient',
      recipient,
    );
    t.match(halfNamed, { code: 2, err: /"backup\.s3\.bucket" is needed too/ });

    // The server of the tests does not compare signatures.
    const secret = 'not-to-be-shown';
    const given = m.secret('right', secret);
    const wrong = [...setup, '--s3-access-key-id', 'NOBODY', '--s3-secret-key-file', given];
    const refused = await m.run(...wrong);
    t.match(refused, {
      code: 1,
      out: /Place tried: failed\.[\s\S]*InvalidAccessKeyId[\s\S]*Nothing was changed/,
    });
    t.equal(m.text(), before, 'the configuration is what it was');
    const key = join(m.etc, 'backup-s3-key');
    t.notOk(existsSync(key));
    t.match(await m.run(...wrong, '--keep'), { code: 1, out: /The new configuration stays/ });
    t.match(m.config().backup.s3, { bucket: place.bucket, secret_key_file: key });
    t.equal(m.config().backup.s3!.access_key_id, 'NOBODY');

    const done = await m.run(...setup, '--s3-secret-key-file', given);
    t.match(done, {
      code: 0,
      out: /Place tried[\s\S]*written and read back[\s\S]*restart the recorder[\s\S]*What now/,
    });
    t.notMatch(done.out, secret, 'no secret is shown');
    t.equal(statSync(key).mode & 0o777, 0o600);
    t.match(await m.run(...setup), { code: 0, out: /Nothing has to change/ }, 'run again');

    await m.type('systemctl start tapedeck tapedeck-web');
    t.match(await m.type('tapedeck backup create --wait'), { code: 0 });
    t.match(await m.type('tapedeck backup check --wait'), { code: 0 });
    await m.type('systemctl stop tapedeck-web tapedeck');
    const sealed = recordingsOf(m.lab.dataDir);
    const kept = m.text();
    for (const path of [m.lab.config, key, m.lab.dataDir]) rmSync(path, { recursive: true });
    // As the package makes it.
    await m.type('systemd-tmpfiles --create tapedeck.conf');
    const file = m.secret('identity', identity);
    const restored = await m.run(
      'restore',
      '--identity',
      file,
      ...named,
      '--s3-secret-key-file',
      given,
      '--no-setup',
    );
    t.match(restored, { code: 0, out: /Run "tapedeck setup" now/ }, restored.err);
    t.equal(m.text(), kept);
    t.equal(readFileSync(key, 'utf8').trim(), secret, 'the secret is where the configuration has it');
    t.equal(recordingsOf(m.lab.dataDir), sealed);
    await m.lab.stop();
  },
);

t.test('backups to a server, with an identity of their own, and then to a folder', async (t) => {
  const m = await site(t);
  const { place } = await startSshd(t);
  const stick = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/tapedeck-') : null;
  t.teardown(() => stick && rmSync(stick, { recursive: true }));
  const by = stick === null ? ['--recipient', recipient] : ['--new-identity', stick];
  const setup = [
    ...[
      'backup',
      'setup',
      '--sftp-host',
      place.host,
      '--sftp-port',
      `${place.port}`,
      '--sftp-user',
      place.user,
    ],
    ...[
      '--sftp-path',
      place.path,
      '--sftp-host-key',
      place.host_key,
      '--sftp-key-file',
      place.key_file,
      ...by,
    ],
  ];
  const same = await m.run('backup', 'setup', '--path', m.dir, '--new-identity', m.dir);
  t.match(same, { code: 2, err: /on the same file system as the recordings/ });
  const done = await m.run(...setup);
  t.match(done, { code: 0, out: /Place tried +sftp:\/\// }, done.err);
  t.match(m.config().backup.sftp, { port: place.port, key_file: join(m.etc, 'backup-ssh-key') });
  if (stick !== null) {
    const made = readFileSync(join(stick, 'tapedeck-backup.txt'), 'utf8');
    t.equal(m.config().backup.recipient, /public key: (\S+)/.exec(made)?.[1]);
    t.equal(statSync(join(stick, 'tapedeck-backup.txt')).mode & 0o777, 0o600);
    t.match(
      await m.run(...setup),
      { code: 0, out: /Nothing has to change/ },
      'the identity that is there is used',
    );
    t.equal(readFileSync(join(stick, 'tapedeck-backup.txt'), 'utf8'), made);
  }

  const before = m.text();
  const [nas, keys] = [join(m.dir, 'nas'), join(m.dir, 'apart')];
  const folder = ['backup', 'setup', '--path', nas, '--key-path', keys];
  const absent = await m.run(...folder);
  t.match(absent, { code: 1, out: new RegExp(`Place tried: failed\\.[\\s\\S]*${nas}: ENOENT`) });
  t.equal(m.text(), before);
  mkdirSync(nas);
  t.match(
    await m.run(...folder),
    { code: 1, out: new RegExp(`${keys}: ENOENT`) },
    'the folder of the keys is tried too',
  );
  mkdirSync(keys);
  t.match(await m.run(...folder, '--dry-run'), { code: 0, out: /Nothing was changed \(--dry-run\)/ });
  t.equal(m.text(), before);
  t.match(await m.run(...folder), { code: 0 });
  t.match(m.config().backup, { path: nas, key_path: keys });
  t.equal(m.config().backup.sftp, undefined, 'backups go to one place');
  await m.lab.stop();
});

t.test('alerts by mail and webhook, typed at a terminal', async (t) => {
  const m = await site(t);
  const { ca, key, cert } = makeCertificates(m.dir);
  const server = await startMailServer({ key, cert });
  const receiver = await startReceiver();
  t.teardown(() => Promise.all([server.stop(), receiver.stop()]));
  const before = m.text();
  const mail = [
    ...[
      'alert',
      'setup',
      '--mail-to',
      'ann@example.com',
      'ben@example.com',
      '--mail-from',
      'box@example.com',
    ],
    ...[
      '--smtp-host',
      'localhost',
      '--smtp-port',
      `${server.port}`,
      '--smtp-ca-file',
      ca,
      '--smtp-user',
      'tapedeck',
    ],
  ];
  t.match(await m.run('alert', 'setup'), { code: 2, err: /Nobody would be alerted/ });
  t.match(await m.run(...mail), { code: 2, err: /smtp_password_file" is needed/ });
  const refused = await m.run(...mail, '--smtp-password-file', m.secret('wrong', 'guessed'));
  t.match(refused, {
    code: 1,
    out: /Test message: failed\.[\s\S]*mail to [\s\S]*FAILED[\s\S]*Nothing was changed/,
  });
  t.match(refused.out, /refused the user or the password/, 'who refused what');
  t.equal(m.text(), before);
  t.notOk(existsSync(join(m.etc, 'smtp-password')));

  const command = `${process.execPath} ${MAIN} --config ${m.lab.config} ${mail.join(' ')}`;
  const { screen, code } = await atATerminal(['env', 'TERM=xterm'], command, [
    [/Encryption: starttls, tls or none \[starttls\]: /, ''],
    [/Password: /, 'mail-secret-4711'],
    [/URL, or none \[none\]: /, `http://127.0.0.1:${receiver.port}/hook`],
    [/Secret that signs them \[a new one\]: /, 'hook-secret-0815'],
    [/Apply these changes\? yes or no \[yes\]: /, ''],
  ]);
  t.equal(code, 0, screen);
  t.match(screen, /Test message[\s\S]*What now/);
  for (const secret of ['mail-secret-4711', 'hook-secret-0815']) t.notMatch(screen, secret);
  t.same(
    server.got.map(({ to, secure, user }) => ({ to, secure, user })),
    [{ to: ['ann@example.com', 'ben@example.com'], secure: true, user: 'tapedeck' }],
  );
  t.match(receiver.got, [{ genuine: true }]);
  t.match(m.config().alerts, {
    ...{ mail_to: ['ann@example.com', 'ben@example.com'], smtp_password_file: join(m.etc, 'smtp-password') },
    webhook_secret_file: join(m.etc, 'webhook-secret'),
  });
  for (const name of ['smtp-password', 'webhook-secret'])
    t.equal(statSync(join(m.etc, name)).mode & 0o777, 0o600);

  await m.lab.startDaemon(/The PBX cannot be reached|ECONNREFUSED|not reach/i);
  t.match(await m.run('alert', 'test'), { code: 0, out: /mail to[\s\S]*webhook to/ });
  t.equal(server.got.length, 2, 'the recorder has them too');
  await m.lab.stop();
});

t.test('a secret for the webhook is made where none is given', async (t) => {
  const m = await site(t);
  const receiver = await startReceiver();
  t.teardown(receiver.stop);
  const done = await m.run('alert', 'setup', '--webhook-url', `http://127.0.0.1:${receiver.port}/hook`);
  t.match(done, { code: 0, out: /Give the receiver of the webhook the secret in/ }, done.err);
  const secret = readFileSync(join(m.etc, 'webhook-secret'), 'utf8').trim();
  t.match(secret, /^whsec_\S{40,}$/);
  t.notMatch(done.out, secret);
  t.equal(receiver.got.length, 1);
  t.match(
    await m.run('alert', 'setup', '--webhook-url', 'none'),
    { code: 2 },
    'the last one is not taken away',
  );
  await m.lab.stop();
});
