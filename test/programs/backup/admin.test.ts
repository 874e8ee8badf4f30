import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { parse } from 'csv-parse/sync';
import t from 'tap';
import { signingFolder } from '../../../daemon/domain/paths.js';
import { type ReportName, reportNames } from '../../../daemon/domain/report/report.js';
import { DISPUTED, makePast, RETENTION } from '../../../scripts/lib/demo/past.js';
import { awayPbx, PBX_AWAY } from '../../support/box/away-pbx.js';
import {
  type ApiClient,
  createApiClient,
  createRecorderLab,
  type RecorderLab,
} from '../../support/recorder.js';

const NAME = 'ada';
const PASSWORD = 'staple correct mule battery';
const MATTER = 'Kerr v. Field Office';
const PROMPTS = join(import.meta.dirname, '../../../prompts/en');

/** A machine with Tapedeck, its PBX switched off. `backups` and `identity` are elsewhere. */
function machine(dir: string, backups: string, recipient: string): RecorderLab {
  mkdirSync(dir, { recursive: true });
  return createRecorderLab({
    ...{ dir, extra: `[backup]\npath = "${backups}"\nrecipient = "${recipient}"\n` },
    pbx: awayPbx(dir),
  });
}
const start = (lab: RecorderLab) => lab.startDaemon(PBX_AWAY);

async function succeeds(lab: RecorderLab, ...args: string[]): Promise<string> {
  const { code, out, err } = await lab.command(args);
  if (code !== 0) throw new Error(`tapedeck ${args.join(' ')}: ${out}${err}`);
  return out;
}

/** What each report has in its rows, for all the time that there was. Written to `dir` with their signatures. */
async function reports(lab: RecorderLab, dir: string): Promise<Record<string, string[][]>> {
  mkdirSync(dir, { recursive: true });
  const rows: Record<string, string[][]> = {};
  for (const name of reportNames) {
    const file = join(dir, `${name}.csv`);
    await succeeds(lab, 'report', name, '--from', FROM, '--to', TODAY, '--output', file);
    rows[name] = parse(readFileSync(file), { bom: true, relax_column_count: true }) as string[][];
  }
  return rows;
}
/** Without what was done since the backup: reports were made, and somebody has signed in. */
function lasting(name: ReportName, rows: string[][]): string[][] {
  if (name === 'access') return rows.filter((row) => !row.includes('export'));
  if (name === 'users') return rows.map((row) => row.slice(0, -2));
  return rows;
}

/** What is signed of a report, without when it was made. */
function subjectOf(file: string): object {
  const { statement } = JSON.parse(readFileSync(file, 'utf8'));
  const { report, format, period, query, site, key } = statement;
  return { report, format, period, query, site, key };
}

const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const TODAY = day(Date.now());
const FROM = day(Date.now() - 100 * 86_400_000);

/** The SHA-256 of every recording as the dashboard plays it, by its call; what it answers where it plays nothing. */
async function sounds(api: ApiClient): Promise<Record<string, string>> {
  const heard: Record<string, string> = {};
  for (const { id } of await api.calls()) {
    const answer = await api.ask('GET', `/calls/${id}/audio`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    heard[id] = answer.ok ? createHash('sha256').update(bytes).digest('hex') : String(answer.status);
  }
  return heard;
}

t.test(
  'a month of calls, a hold, a run, a backup, a dead machine, and everything is there again',
  async (t) => {
    const base = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    t.teardown(() => rmSync(base, { recursive: true, force: true }));
    const at = (name: string) => join(base, name);
    mkdirSync(at('nas'));
    const identity = await generateX25519Identity();
    writeFileSync(at('identity.txt'), `${identity}\n`, { mode: 0o600 });
    const recipient = await identityToRecipient(identity);

    const first = machine(at('first'), at('nas'), recipient);
    t.teardown(() => first.stop());
    const masterKeyFile = join(at('first'), 'master.key');
    const speech = { in: join(PROMPTS, 'announce.wav'), out: join(PROMPTS, 'ask.wav') };
    const calls = await makePast({ dataDir: first.dataDir, masterKeyFile, speech, now: Date.now() });
    t.ok(calls > 20, `${calls} calls`);
    await start(first);
    const { address, setupCode } = await first.startWeb();
    const api = createApiClient(address);
    await api.setUp(setupCode!, NAME, PASSWORD);

    await succeeds(first, 'holds', 'open', MATTER, '--reason', 'Letter', '--number', DISPUTED.number);
    const shorter = JSON.parse(await succeeds(first, 'policy', 'export', '--json'));
    shorter.retention = RETENTION.map((rule) => ({ ...rule, keep_days: 25 }));
    writeFileSync(at('policy.json'), JSON.stringify(shorter));
    const dry = await first.command([
      'policy',
      'import',
      at('policy.json'),
      '--apply-to',
      'all',
      '--dry-run',
    ]);
    const confirm = /--confirm (\S+)/.exec(dry.out)![1]!;
    await succeeds(first, 'policy', 'import', at('policy.json'), '--apply-to', 'all', '--confirm', confirm);
    const plan = () =>
      succeeds(first, 'retention', 'plan', '--json').then((text) => JSON.parse(text) as Plan);
    type Plan = { erasable: number; protected_total: { legal_hold: number }; breaker: { confirm: string } };
    const due = await plan();
    t.ok(due.erasable > 10, `${due.erasable} are due`);
    t.equal(due.protected_total.legal_hold, 2);
    t.match(
      await succeeds(first, 'retention', 'run', '--confirm', due.breaker.confirm),
      `${due.erasable} erased, 0 failed`,
    );

    await succeeds(first, 'backup', 'create', '--wait');
    const before = { reports: await reports(first, at('reports')), sounds: await sounds(api) };
    const holds = await succeeds(first, 'holds', 'show', MATTER);
    await first.stop();
    cpSync(masterKeyFile, at('master.key'));
    for (const name of [at('first'), first.dataDir]) rmSync(name, { recursive: true, force: true });

    const second = machine(at('second'), at('nas'), recipient);
    t.teardown(() => second.stop());
    cpSync(at('master.key'), join(at('second'), 'master.key'));
    const restored = await succeeds(second, 'restore', '--identity', at('identity.txt'));
    t.match(restored, `${calls} calls`);
    await start(second);
    const [pem] = readdirSync(signingFolder(second.dataDir)).filter((file) => file.endsWith('.pem'));
    const key = join(signingFolder(second.dataDir), pem!);
    const { address: other, setupCode: none } = await second.startWeb();
    t.equal(none, null, 'the people are there');
    const again = createApiClient(other);
    await again.signIn(NAME, PASSWORD);

    const after = { reports: await reports(second, at('again')), sounds: await sounds(again) };
    t.same(
      after.sounds,
      before.sounds,
      'each recording has the same bytes, and what was erased is not played',
    );
    const played = Object.values(after.sounds).filter((one) => one.length === 64).length;
    t.equal(played, calls - due.erasable);
    for (const name of reportNames) {
      t.same(lasting(name, after.reports[name]!), lasting(name, before.reports[name]!), `report: ${name}`);
      const [old, now] = [at('reports'), at('again')].map((dir) =>
        subjectOf(join(dir, `${name}.csv.sig.json`)),
      );
      t.same(now, old, `what is signed of it: ${name}`);
    }
    const old = join(at('reports'), 'disposal.csv');
    const verify = ['report', 'verify', old, `${old}.sig.json`, '--public-key', key];
    t.match(await succeeds(second, ...verify), /^Valid/, 'what the dead machine signed verifies here');
    t.equal(await succeeds(second, 'holds', 'show', MATTER), holds);
    for (const args of [
      ['audit', 'verify'],
      ['verify', '--all'],
    ])
      t.ok(await succeeds(second, ...args), args.join(' '));
  },
);
