import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import Database from 'better-sqlite3';
import { Command } from 'commander';
import { simpleParser } from 'mailparser';
import { pino } from 'pino';
import t from 'tap';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import { audit } from '../../../daemon/cli/audit.js';
import { calls } from '../../../daemon/cli/calls.js';
import { createCliContext } from '../../../daemon/cli/common/context.js';
import { notesIn, originOf } from '../../../daemon/domain/assurance/checkpoint.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { createCheckpointChannels } from '../../../daemon/notify/channels.js';
import { createDeliver } from '../../../daemon/operations/deliver.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { signerOf, signNote } from '../../../daemon/vault/note.js';
import { createSigningKey, publicKeys } from '../../../daemon/vault/signing-key.js';
import { opened, signing, tamper, view } from '../../support/catalogue/audit-lab.js';
import { makeCertificates, startMailServer } from '../../support/peers/mail-server.js';
import { startReceiver } from '../../support/peers/webhook-receiver.js';
import { until } from '../../support/recorder.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

const log = pino({ level: 'silent' });
const NOW = Date.UTC(2026, 10, 25, 17);

t.test('checkpoints leave the box: to a file, to syslog over TLS, by mail and by webhook', async (t) => {
  const dir = t.testdir({
    safe: {},
    'hook-secret': 'hook-secret-0815\n',
    'mail-secret': 'mail-secret-4711\n',
  });
  const { ca, key, cert } = makeCertificates(dir);
  const frames: string[] = [];
  const syslog = createServer({ key, cert }, (socket) => {
    let got = '';
    socket.on('data', (data) => (got += data));
    socket.on('end', () => {
      frames.push(got);
      socket.end();
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((up) => syslog.listen(0, '127.0.0.1', up));
  t.teardown(() => syslog.close());
  const port = (syslog.address() as AddressInfo).port;
  const mail = await startMailServer({ key, cert });
  t.teardown(() => mail.stop());
  const hook = await startReceiver();
  t.teardown(() => hook.stop());
  const configured = (more: string[] = []) => {
    writeFileSync(
      join(dir, 'tapedeck.toml'),
      [
        '[alerts]\nmail_from = "box@office.lan"\nsmtp_host = "localhost"\nsmtp_user = "tapedeck"',
        `smtp_port = ${mail.port}\nsmtp_ca_file = "${ca}"\nsmtp_password_file = "mail-secret"`,
        `[audit]\ncheckpoint_file = "safe/checkpoints"\ncheckpoint_syslog = "localhost:${port}"`,
        `checkpoint_mail_to = ["auditor@office.lan"]\ncheckpoint_webhook_url = "http://127.0.0.1:${hook.port}/x"`,
        'checkpoint_webhook_secret_file = "hook-secret"',
        ...more,
      ].join('\n'),
    );
    return createCheckpointChannels(loadConfig(join(dir, 'tapedeck.toml')));
  };
  const c = await opened(t, catalogueFile(dir));
  const trouble: [string, string | null][] = [];
  const deliver = createDeliver({
    catalogue: c,
    channels: configured([`checkpoint_syslog_ca_file = "${ca}"`]),
    clock: () => Date.now(),
    log,
    onTrouble: (channel, why) => trouble.push([channel, why]),
  });
  await deliver.start();
  t.teardown(() => deliver.stop());
  const signer = createSigningKey(dir, randomBytes(32));
  const notes = [1, 2].map((size) =>
    signNote(signer, {
      origin: originOf('0'.repeat(26)),
      size,
      hash: 'ab'.repeat(32),
      at: '2026-11-25T17:00:00.000Z',
    }),
  );
  for (const [i, checkpoint] of notes.entries())
    deliver.tell({ id: `0${i}`, kind: 'checkpoint', at: NOW + i, alarms: [], checkpoint });
  await until('all', () => frames.length === 2 && hook.got.length === 2 && mail.got.length === 1);
  const safe = join(dir, 'safe/checkpoints');
  await until('the file', () => existsSync(safe) && notesIn(readFileSync(safe, 'utf8')).length === 2);
  const ours = (text: string) =>
    notesIn(text).map((n) => (signerOf(n, publicKeys(dir)) ? n.size : 'strange'));
  t.same(ours(readFileSync(safe, 'utf8')), [1, 2]);
  const [, length, message] = /^(\d+) (.*)$/s.exec(frames[0]!)!;
  t.equal(Buffer.byteLength(message!), Number(length), 'its length in octets stands before it (RFC 5425)');
  t.match(
    message,
    /^<109>1 2026-11-25T17:00:00\.000Z \S+ tapedeck - checkpoint - \ufeffCheckpoint of the audit log/,
  );
  t.notMatch(message, /\n/);
  t.same(frames.flatMap(ours), [1, 2]);
  t.same(
    hook.json().flatMap((j) => ours(j.checkpoint)),
    [1, 2],
  );
  t.ok(hook.got.every((p) => p.genuine));
  t.match(mail.got[0]!.mail.subject, /Checkpoint of the audit log/);
  t.same(ours(mail.got[0]!.mail.text!), [1], 'one mail a day, and it can be verified as it was saved');
  t.same(ours((await simpleParser(Buffer.from(`Subject: x\n\n${notes[0]}`))).text!), [1]);
  t.ok(
    trouble.every(([, why]) => why === null),
    'nobody is in trouble',
  );

  const [file, strange] = configured();
  rmSync(join(dir, 'safe'), { recursive: true });
  const notice = { id: '1', kind: 'checkpoint' as const, at: NOW, alarms: [], checkpoint: notes[0]! };
  const never = new AbortController().signal;
  await t.rejects(
    file!.send(notice, never),
    { code: 'alert_undelivered', detail: /ENOENT/ },
    'a mount that is away',
  );
  await t.rejects(strange!.send(notice, never), { code: 'alert_undelivered', detail: /certificate|issuer/i });
  t.equal(frames.length, 2, 'nothing was sent to a server that nobody vouches for');
  const refusing = configured([`checkpoint_syslog_ca_file = "${ca}"`])[1]!;
  syslog.close();
  await until('the end', () => !syslog.listening);
  await t.rejects(refusing.send(notice, never), { code: 'alert_undelivered', detail: /ECONNREFUSED/ });
});

t.test('the command line verifies, lists and exports, and what it does is in the log too', async (t) => {
  const dir = t.testdir({ 'tapedeck.toml': '[data]\ndir = "."\n[keys]\nmaster_key_file = "master.key"\n' });
  const { c, make } = await signing(t, dir);
  for (let n = 0; n < 30; n++) await c.audit.append({ ...view(n), reason: n === 3 ? '=1+1' : '' });
  const checkpoints = make();
  await checkpoints.start();
  const { note } = checkpoints.last()!;
  await checkpoints.stop();
  writeFileSync(join(dir, 'usb'), note);
  const said: string[] = [];
  const real = createCliContext(() => join(dir, 'tapedeck.toml'));
  t.teardown(() => real.close());
  const tapedeck = async (...argv: string[]) => {
    said.length = 0;
    process.exitCode = undefined;
    const program = new Command('tapedeck').exitOverride().configureOutput({ writeErr: () => {} });
    const context = { ...real, out: (s: string) => void said.push(s), err: (s: string) => void said.push(s) };
    for (const register of [audit, calls]) register(program, context);
    await program.parseAsync(argv, { from: 'user' });
    const code = process.exitCode ?? 0;
    process.exitCode = undefined;
    return { code, text: said.join('\n') };
  };
  t.match(await tapedeck('audit', 'verify'), {
    code: 0,
    text: /The log is whole: 31 entries.*kept on this machine agree.*No checkpoint from elsewhere was given/s,
  });
  t.match(await tapedeck('audit', 'verify', '--checkpoint', join(dir, 'usb')), {
    code: 0,
    text: /Proven up to entry 31 by .*usb, signed 2026-11-25/,
  });
  await tapedeck('calls', '--search', 'example 444');
  const list = await tapedeck('audit', 'list', '--limit', '3');
  t.match(list.text, /\(console\) +search +ok +calls +example 444/);
  t.match(
    (await tapedeck('audit', 'list', '--person', 'ada', '--call', 'c3', '--json')).text,
    /"object_id": "C3"/,
  );
  const csv = (await tapedeck('audit', 'export', '--action', 'view', '--person', 'Ada')).text;
  t.match(csv, /^seq,at,actor,/);
  t.match(csv, /,'=1\+1,/, 'no cell is a formula');
  t.equal(csv.match(/,view,/g)?.length, 30);
  await t.rejects(tapedeck('audit', 'verify', '--checkpoint', join(dir, 'tapedeck.toml')), {
    code: 'request_invalid',
  });
  mkdirSync(join(dir, 'other'));
  const stranger = createSigningKey(join(dir, 'other'), randomBytes(32));
  writeFileSync(join(dir, 'strange'), signNote(stranger, notesIn(note)[0]!));
  t.match(await tapedeck('audit', 'verify', '--checkpoint', join(dir, 'strange')), {
    code: 1,
    text: /1 of them\. Checkpoints were not signed by a key of this machine/,
  });
  writeFileSync(join(dir, 'key.pem'), stranger.publicKeyPem);
  t.match(
    await tapedeck('audit', 'verify', '--checkpoint', join(dir, 'strange'), '--key', join(dir, 'key.pem')),
    { code: 0, text: /Proven up to entry 31/ },
  );
  tamper(catalogueFile(dir), (db) => db.exec('DELETE FROM audit WHERE seq > 30; DELETE FROM checkpoints'));
  const short = await tapedeck('audit', 'verify', '--json', '--checkpoint', join(dir, 'usb'));
  t.equal(short.code, 1);
  t.match(
    (await tapedeck('audit', 'verify')).text,
    /LISTS OF THE LOG[\s\S]*\nThe index audit_by_action is missing\./,
  );
  t.match(JSON.parse(short.text), {
    ok: false,
    entries: 30,
    first_bad: {
      seq: 31,
      kind: 'cut_off',
      message: /from entry 31 on/,
      hint: /^Keep a copy of this catalogue/,
    },
  });
  const { disguised } = JSON.parse(short.text);
  t.ok(disguised.includes('The index audit_by_action is missing.'), disguised.join(' '));
});

t.test('what the recorder does is written with it, and no log keeps it from doing it', async (t) => {
  const c = await opened(t);
  const waiting: object[] = [];
  const w = withEntries(c, { clock: () => NOW, later: async (entry) => void waiting.push(entry) });
  const seal = async (catalogue: Catalogue, id: string, test = false) => {
    await catalogue.calls.save(aCall(id, { test }));
    await catalogue.recordings.sealed(aRecording(id, id), new Uint8Array(8), {
      ...{ status: 'recorded', why: null, rule: null, missingMs: 0 },
    });
  };
  await seal(w, 'A');
  await seal(w, 'T', true);
  await w.recordings.eraseIntended('A', noted('Kept 30 days.'), NOW);
  await w.recordings.eraseIntended('A', noted('again'), NOW);
  await w.recordings.erased('A', NOW);
  await w.watch.open(FIRST, NOW, noted('The PBX was away.'));
  await w.watch.open(FIRST, NOW, noted('again'));
  await w.watch.close(FIRST, NOW + 5000);
  await w.watch.close(FIRST, NOW + 5000);
  const said = (await c.audit.entries({ limit: 99 })).reverse().map((e) => [e.action, e.object_id, e.reason]);
  t.same(said.slice(1), [
    ['sealed', 'A', ''],
    ['erase', 'A', 'Kept 30 days.'],
    ['erased', 'A', 'Kept 30 days.'],
    ['blind_window', '', ''],
    ['blind_window', '', ''],
  ]);
  // The log itself is broken: what is to be recorded is recorded.
  const db = new Database(c.path);
  db.exec("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'broken'); END");
  await seal(w, 'B');
  t.ok((await c.calls.get('B'))?.recording);
  t.match(waiting, [{ action: 'sealed', object_id: 'B' }], 'its entry waits');
  db.close();
});
