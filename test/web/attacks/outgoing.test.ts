import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import t from 'tap';
import { entryOf } from '../../../daemon/domain/assurance/audit.js';
import { canonical } from '../../../daemon/domain/assurance/canonical.js';
import { harmless } from '../../../daemon/domain/csv.js';
import { guardedBy, guardedLookup, isNobodys } from '../../../daemon/ops/targets.js';
import { addRecording, get, openDashboard, START, setUp } from '../../support/web/dashboard.js';
import { noted } from '../../support/words.js';

type Dashboard = Awaited<ReturnType<typeof openDashboard>>;

t.test('nothing is sent to where no server of an office is, however a name leads there', async (t) => {
  for (const address of [
    '169.254.169.254',
    '169.254.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '::',
    'fe80::1',
    'ff02::1',
    '::ffff:169.254.169.254',
  ])
    t.ok(isNobodys(address), address);
  for (const address of ['127.0.0.1', '10.0.0.1', '192.168.1.1', '8.8.8.8', '::1', 'fd00::1'])
    t.notOk(isNobodys(address), address);
  const found = (name: string, refuse: (address: string) => void) =>
    new Promise((resolve) => guardedLookup(refuse)(name, {}, (e, address) => resolve(e ?? address)));
  t.type(await found('localhost', () => {}), 'string');
  t.match(
    await found('localhost', () => {
      throw new Error('refused');
    }),
    /refused/,
  );
});

t.test(
  'what a server names in its answers leads to itself or away, never to what listens here',
  async (t) => {
    const own = new URL('https://sso.office.lan:8088/realm');
    const guard = guardedBy(own, [8088, 5038]);
    const leads = (url: string) =>
      new Promise<Error | null>((resolve) => {
        try {
          guard(new URL(url)).lookup(new URL(url).hostname, { all: true }, (e) => resolve(e));
        } catch (e) {
          resolve(e as Error);
        }
      });
    for (const url of [
      'https://169.254.169.254/latest',
      'http://[::ffff:169.254.169.254]/',
      'https://[fe80::1]/',
      'https://127.0.0.1/',
      'http://2130706433/',
      'https://[::1]:8443/',
      'https://localhost/',
      'https://10.0.0.5:8088/ari/channels',
      'https://10.0.0.5:5038/',
    ])
      t.match(await leads(url), { message: /where nothing of sso\.office\.lan/ }, url);
    t.equal(await leads('https://10.0.0.5/keys'), null);
    for (const there of ['http://localhost:9000', 'http://127.0.0.1:9000', 'http://[::1]:9000']) {
      const { lookup } = guardedBy(new URL(there), [9000])(new URL(`${there}/token`));
      t.type(lookup, 'function', 'a provider on this machine is one that the admin has named');
    }
  },
);

t.test('what is logged is one line, and what is secret is not in it', async (t) => {
  const program = `
    import { createLog } from './daemon/ops/log.ts';
    const log = createLog('debug', 'test');
    const name = 'a\\r\\n{"level":50,"msg":"forged"}\\u001b[31m\\u2028\\0';
    log.info({ name, nested: { password: 'canary1', api_key: 'canary2' }, secret: 'canary3' }, name);
    log.error({ err: new Error(name) }, 'failed');`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const text = execFileSync(process.execPath, args, { encoding: 'utf8', env: { PATH: process.env.PATH } });
  const lines = text.trimEnd().split('\n');
  t.equal(lines.length, 2, 'two lines for two words');
  t.match(JSON.parse(lines[0]!).msg, /forged/);
  t.match(JSON.parse(lines[1]!).err.message, /forged/);
  t.notMatch(text, /[\u001b\0\r]|canary/);
});

t.test('a table comes back as it went in, but for what a spreadsheet would run', async (t) => {
  const cell = fc
    .tuple(
      fc.constantFrom('', '', '=', '+', '-', '@', '\t', '\r', '\n', ' =', '\uff1d', '"', "'", ',', ';'),
      fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.stringMatching(/^[",;\r\n=' ]{0,8}$/)),
    )
    .map(([first, rest]) => (first + rest).toWellFormed());
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const table = async (d: Dashboard, cookie: string, path: string) => {
    const { statusCode, body } = await get(d.app, path, cookie);
    t.equal(statusCode, 200, path);
    // As a spreadsheet does: it takes every line end for one.
    return parse(body, { bom: true, columns: true, record_delimiter: ['\r\n', '\n', '\r'] }) as Record<
      string,
      string
    >[];
  };
  await fc.assert(
    fc.asyncProperty(fc.array(cell, { minLength: 60, maxLength: 60 }), async (cells) => {
      const d = await openDashboard(t, { dataDir: mkdtempSync(join(dir, 'data-')) });
      const cookie = await setUp(d);
      let n = 0;
      const next = () => cells[n++ % cells.length]!;
      type Expected = Record<string, string>;
      const kept: Expected[] = [];
      const covered: Expected[] = [];
      const entries: Expected[] = [];
      for (let i = 0; i < 12; i++) {
        const [them, us] = [0, 1].map((ours) => ({ number: next(), name: next(), ours: ours === 1 }));
        const people = {
          ...{ them_number: them!.number, them_name: them!.name },
          ...{ us_number: us!.number, us_name: us!.name },
        };
        const [rule, reason, because] = [next(), next(), next()];
        const { call, recording } = await addRecording(d, Buffer.from('x'), {
          call: { them: them!, us: us! },
          recording: { keepRule: rule, keepWhy: noted(reason), keepUntil: i % 3 === 0 ? START + 1e9 : null },
        });
        const gone = i % 3 === 1;
        if (gone) {
          await d.catalogue.recordings.eraseIntended(recording.id, noted(because), START);
          await d.catalogue.recordings.erased(recording.id, START);
        }
        kept.push({ call_id: call.id, ...people, rule, reason, erase_reason: gone ? because : '' });
        await d.catalogue.calls.decideCoverage(call.id, {
          ...{ status: 'partial' as const, why: noted(reason), rule, missingMs: 9_000 },
        });
        covered.push({ call_id: call.id, ...people, rule, reason });
        const by = { actor: 'person' as const, actor_id: next(), actor_name: next(), address: next() };
        const about = { object: next(), object_id: call.id, reason: next(), detail: { x: next() } };
        await d.catalogue.audit.append(entryOf(by, START, 'view', about));
        entries.push({ ...by, ...about, detail: canonical(about.detail) });
      }
      for (const [path, expected, by] of [
        ['/retention.csv', kept, 'call_id'],
        ['/coverage.csv?from=2026-07-01&to=2026-07-27&status=all', covered, 'call_id'],
        ['/audit.csv?action=view', entries, 'object_id'],
      ] as const) {
        const rows = await table(d, cookie, path);
        t.equal(rows.length, expected.length, `${path}: as many rows as there are`);
        for (const row of expected) {
          const found = rows.find((r) => r[by] === row[by]);
          for (const [name, text] of Object.entries(row)) {
            t.equal(found?.[name], harmless(text), `${path}: ${name}`);
            t.notMatch(found?.[name], /^\s*[=+\-@]/, 'and no spreadsheet runs it');
          }
        }
      }
    }),
    { numRuns: 4, endOnFailure: true },
  );
});
