import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { harmless } from '../../daemon/domain/csv.js';
import { nextDay, startOfDay } from '../../daemon/domain/days.js';
import { downStatus } from '../../daemon/domain/operations/status.js';
import { defaultPolicy } from '../../daemon/domain/policy/policy.js';
import type { Quality } from '../../daemon/domain/recording/quality.js';
import type { Gap } from '../../daemon/domain/recording/recording.js';
import { CallDetail, CallPage } from '../../web/calls/schemas.js';
import { PolicyView } from '../../web/policy/schemas.js';
import { QualityTrendsView } from '../../web/quality/schemas.js';
import { RetentionView } from '../../web/retention/schemas.js';
import { createControl } from '../../web/server/control.js';
import { ErrorView } from '../../web/server/schemas.js';
import {
  addCall,
  addRecording,
  type Dashboard,
  get,
  openDashboard,
  post,
  START,
  setUp,
} from '../support/web/dashboard.js';
import { noted } from '../support/words.js';

const DAY = 86_400_000;
const ajar = (schema: TSchema, body: unknown) =>
  [...Value.Errors(schema, body)].map((e) => `${e.instancePath} ${e.message}`);

const put = (app: Dashboard['app'], path: string, payload: unknown, cookie: string) =>
  app.inject({
    method: 'PUT',
    url: `/api/v1${path}`,
    headers: { cookie, 'x-tapedeck': '1', 'content-type': 'application/json' },
    payload: JSON.stringify(payload),
  });

t.test('a day begins where it does in the zone of the site', async (t) => {
  const utc = (day: string, zone: string) => new Date(startOfDay(day, zone)).toISOString();
  t.equal(utc('2026-03-29', 'Europe/Berlin'), '2026-03-28T23:00:00.000Z', 'a day of 23 hours');
  t.equal(utc('2026-03-30', 'Europe/Berlin'), '2026-03-29T22:00:00.000Z');
  t.equal(utc('2026-10-26', 'Europe/Berlin'), '2026-10-25T23:00:00.000Z', 'after one of 25');
  t.equal(utc('2018-11-04', 'America/Sao_Paulo'), '2018-11-04T03:00:00.000Z', 'a day without a midnight');
  t.equal(utc('2011-12-30', 'Pacific/Apia'), utc('2011-12-31', 'Pacific/Apia'), 'a day that was left out');
  t.equal(utc('2026-07-26', 'Asia/Kathmandu'), '2026-07-25T18:15:00.000Z');
  t.equal(utc('2026-01-01', 'UTC'), '2026-01-01T00:00:00.000Z');
  t.equal(nextDay('2028-02-28'), '2028-02-29');
});

t.test('calls are listed newest first, by page, day, text and direction', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, catalogue } = dashboard;
  const cookie = await setUp(dashboard);
  const midnight = Date.UTC(2026, 6, 24, 22); // in Berlin
  const made = [];
  for (let n = 0; n < 7; n++)
    made.push(
      await addCall(catalogue, { startedAt: midnight + (n - 3) * 1000, direction: n % 2 ? 'in' : 'out' }),
    );
  await addCall(catalogue, { startedAt: START, answeredAt: null, endedAt: null, outcome: null });
  await addCall(catalogue, { startedAt: START + 1, answeredAt: START + 9, endedAt: null, outcome: null });
  const list = async (query: string) => {
    const response = await get(app, `/calls?${query}`, cookie);
    t.equal(response.statusCode, 200, query);
    const body = response.json();
    t.strictSame(ajar(CallPage, body), []);
    return body;
  };

  const first = await list('limit=2');
  t.strictSame(
    first.calls.map((c: { state: string }) => c.state),
    ['live', 'ringing'],
  );
  const seen = [];
  for (let next = first.next; next; ) {
    const page = await list(`limit=3&before=${next}`);
    seen.push(...page.calls.map((c: { id: string }) => c.id));
    next = page.next;
  }
  t.strictSame(seen, made.map(({ id }) => id).reverse());
  const count = async (query: string) => (await list(query)).calls.length;
  t.equal(await count('to=2026-07-24'), 3);
  t.equal(await count('from=2026-07-25&to=2026-07-25'), 4);
  t.equal(await count('from=2026-07-24&to=2026-07-25&direction=in'), 3);
  t.equal(await count('q=123444&coverage=pending'), 8);
  for (const q of ['nobody', '%', '"', "'; DROP TABLE calls;--", 'NEAR(', '*', '_', '\\'])
    await list(`q=${encodeURIComponent(q)}`);
});

t.test('a call is shown with its story and its wave form', async (t) => {
  const dashboard = await openDashboard(t);
  const { app } = dashboard;
  const cookie = await setUp(dashboard);
  const name = '<img src=x onerror=alert(1)>"\u202e';
  const { call, recording } = await addRecording(dashboard, Buffer.from('sound'), {
    call: { them: { number: '=1+1', name, ours: false } },
  });
  const response = await get(app, `/calls/${call.id}`, cookie);
  t.match(response.headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' });
  const body = response.json();
  t.strictSame(ajar(CallDetail, body), []);
  t.match(body, {
    state: 'ended',
    talk_ms: 180_000,
    them: { name },
    coverage: { status: 'recorded' },
    recording: { id: recording.id, bytes: 5, state: 'sealed' },
    legs: [{ joined_ms: 0, left_ms: 180_000 }],
    marks: [{ at_ms: 60_000, until_ms: 70_000, kind: 'hold' }],
  });
  const peaks = await get(app, `/calls/${call.id}/peaks`, cookie);
  t.strictSame(peaks.json(), { per_second: 10, duration_ms: 180_000, left: [0, 128, 255], right: [3, 2, 1] });
  for (const id of [
    'x',
    '0',
    call.id.toLowerCase(),
    `${call.id}0`,
    '..%2f',
    '%00',
    'Z'.repeat(26),
    '1'.repeat(26),
  ]) {
    const unknown = await get(app, `/calls/${id}`, cookie);
    t.equal(unknown.statusCode, 404, id);
    t.strictSame(ajar(ErrorView, unknown.json()), []);
  }
  const bare = await addCall(dashboard.catalogue);
  t.equal((await get(app, `/calls/${bare.id}/peaks`, cookie)).statusCode, 404);
});

t.test('the policy is changed by version, and every version is kept with its author', async (t) => {
  const dashboard = await openDashboard(t);
  const { app } = dashboard;
  const cookie = await setUp(dashboard);
  const before = (await get(app, '/policy', cookie)).json();
  t.strictSame(ajar(PolicyView, before), []);
  const policy = {
    ...defaultPolicy,
    record: [{ name: 'Board', reason: 'Private.', when: { extension: ['200'] }, record: false }],
    retention: [{ name: 'Sales', reason: 'Disputes.', when: { direction: ['in'] }, keep_days: 90 }],
  };
  const saved = await put(app, '/policy', { based_on: before.version, policy }, cookie);
  t.match(saved.json(), { version: before.version + 1, changed_by: 'anna', policy });
  const late = await put(app, '/policy', { based_on: before.version, policy }, cookie);
  t.match(late, { statusCode: 409 });
  t.equal(late.json().error.code, 'policy_conflict');
  const wrong = structuredClone(policy);
  Object.assign(wrong.retention[0]!, { keep_days: 0 });
  const refused = await put(app, '/policy', { based_on: before.version + 1, policy: wrong }, cookie);
  t.match(refused.json().error, { code: 'policy_invalid', detail: /policy\.retention\.0\.keep_days/ });
  const extra = await put(app, '/policy', { based_on: 1, policy: { ...policy, more: 1 } }, cookie);
  t.equal(extra.statusCode, 400);

  const { versions } = (await get(app, '/policy/versions', cookie)).json();
  t.equal(versions[0].version, before.version + 1);
  const test = async (body: object) => (await post(app, '/policy/test', body, { cookie })).json();
  t.match(await test({ direction: 'in', extension: '200' }), { record: false, rule: 'Board', keep_days: 90 });
  t.match(await test({ direction: 'out', number: '112' }), { record: false, rule: 'Emergency numbers' });
  t.match(await test({ direction: 'in', extension: '200', policy: defaultPolicy }), {
    record: true,
    keep_days: null,
  });

  const bare = { ...policy, emergency_numbers: [] };
  const emptied = { based_on: before.version + 1, policy: bare };
  const unasked = await put(app, '/policy', emptied, cookie);
  t.match(unasked, { statusCode: 409 });
  t.match(unasked.json().error, { code: 'emergency_unconfirmed', detail: /112, 911/ });
  t.equal((await get(app, '/policy', cookie)).json().version, before.version + 1, 'nothing was changed');
  const confirmed = await put(app, '/policy', { ...emptied, confirm_no_emergency_numbers: true }, cookie);
  t.match(confirmed.json(), { version: before.version + 2, policy: { emergency_numbers: [] } });
});

t.test('retention shows what is due, what is next and what is gone, as a table too', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, catalogue } = dashboard;
  const cookie = await setUp(dashboard);
  const add = (keepUntil: number | null, name = 'Example, "quoted"') =>
    addRecording(dashboard, Buffer.from('x'), {
      call: { them: { number: '+4930123', name, ours: false } },
      recording: { keepUntil, keepRule: keepUntil ? 'Sales' : null, keepWhy: noted('=cmd|calc') },
    });
  const due = await add(START - 1);
  const next = await add(START + DAY);
  await add(null);
  const gone = await add(START - DAY, '=HYPERLINK("http://evil")');
  await catalogue.eraseIntended(gone.recording.id, noted('@due'), START);
  await catalogue.erased(gone.recording.id, START);

  const view = (await get(app, '/retention', cookie)).json();
  t.strictSame(ajar(RetentionView, view), []);
  t.match(view, {
    kept: 3,
    for_ever: 1,
    due_total: 1,
    due: [{ recording_id: due.recording.id }],
    next: [{ recording_id: next.recording.id }],
    gone: [{ recording_id: gone.recording.id, erase_reason: '@due' }],
    breaker: { tripped: false, limit: 0.2 },
  });

  const csv = await get(app, '/retention.csv', cookie);
  t.match(csv.headers, {
    'content-type': /^text\/csv/,
    'content-disposition': 'attachment; filename="tapedeck-retention-2026-07-26.csv"',
  });
  const rows = csv.body.replace('\ufeff', '').trimEnd().split('\r\n');
  t.equal(rows.length, 5);
  t.strictSame(
    rows.map((row) => row.split(',')[0]),
    ['state', 'due', 'kept', 'kept', 'gone'],
  );
  t.match(rows[1], `'+4930123,"Example, ""quoted""",201`);
  t.match(rows[4], `"'=HYPERLINK(""http://evil"")"`);
  t.match(rows[4], /'=cmd\|calc.*'@due/);
  await fc.assert(
    fc.property(
      fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', '\0', ' =', '＝'),
      fc.string(),
      (sign, text) => harmless(sign + text).startsWith("'"),
    ),
  );
  t.equal(harmless('Anna'), 'Anna');
});

t.test("a retention run is the daemon's, and so are its refusals", async (t) => {
  // A short path: the system cuts that of a socket, without a word.
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-answers-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const asked: unknown[] = [];
  let answer: [number, unknown] = [200, { erased: 2, failed: 0, left: 5 }];
  const daemon = createServer((req, res) => {
    let body = '';
    req.on('data', (part) => (body += part));
    req.on('end', () => {
      asked.push(`${req.method} ${req.url} ${body}`);
      res.writeHead(answer[0], { 'content-type': 'application/json' }).end(JSON.stringify(answer[1]));
    });
  });
  const dashboard = await openDashboard(t, { control: createControl({ dataDir: dir }) });
  const cookie = await setUp(dashboard);
  const run = (body: object) => post(dashboard.app, '/retention/run', body, { cookie });
  t.equal((await get(dashboard.app, '/status', cookie)).json().daemon, 'down');
  t.match((await run({})).json(), { error: { code: 'daemon_unreachable' } });

  await new Promise<void>((up) => daemon.listen(join(dir, 'control.sock'), up));
  t.teardown(() => daemon.close());
  t.strictSame((await run({ confirm: 'erase-2-abc' })).json(), { erased: 2, failed: 0, left: 5 });
  t.equal(asked.at(-1), 'POST /retention/run {"confirm":"erase-2-abc"}');
  answer = [
    409,
    { error: { code: 'retention_refused', message: '', hint: '', detail: '9 of 10', request_id: '' } },
  ];
  const refused = await run({});
  t.match(refused, { statusCode: 409 });
  t.match(refused.json().error, { code: 'retention_refused', detail: '9 of 10' });
  const pbx = { ari: true, ami: false, version: '22', problem: null };
  const said = { ...downStatus('', ''), pbx, calls_now: 3, recording_now: 2, preserving: 1 };
  answer = [200, said];
  const status = (await get(dashboard.app, '/status', cookie)).json();
  t.strictSame(status, { daemon: 'up', ...said });
  answer = [200, { nonsense: true }];
  t.equal((await get(dashboard.app, '/status', cookie)).json().daemon, 'down');
});

t.test('live streams tell of changes, and end with the session', async (t) => {
  const dashboard = await openDashboard(t, { live: { pollMs: 5, beatMs: 20, statusMs: 20 } });
  const { app, catalogue, clock } = dashboard;
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const cookie = await setUp(dashboard);
  const listen = async (as: string) => {
    const response = await fetch(`${address}/api/v1/live`, { headers: { cookie: as } });
    t.equal(response.status, 200);
    t.match(response.headers.get('content-type'), /^text\/event-stream/);
    t.match(response.headers.get('content-security-policy'), /default-src/);
    t.equal(response.headers.get('cache-control'), 'no-store');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    return {
      async until(found: RegExp) {
        while (!found.test(text)) {
          const { done, value } = await reader.read();
          if (done) throw new Error(`ended before ${found}`);
          text += value;
        }
      },
      async end() {
        while (!(await reader.read()).done);
      },
      text: () => text,
    };
  };
  t.equal((await fetch(`${address}/api/v1/live`)).status, 401);

  const one = await listen(cookie);
  await one.until(/event: status\ndata: \{"daemon":"up"[^\n]*\}\n\n/);
  t.notMatch(one.text(), /event: change/);
  await addCall(catalogue);
  await one.until(/event: change\ndata: \{\}\n\n/);
  await one.until(/: here\n\n/);
  await app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { cookie, 'x-tapedeck': '1' } });
  await one.end();

  const again = await post(app, '/session', { name: 'anna', password: 'four unrelated quiet words' });
  const two = await listen(`tapedeck_session=${again.cookies[0]!.value}`);
  await two.until(/event: status/);
  clock.ms += 31 * 60_000;
  await two.end();

  const third = await post(app, '/session', { name: 'anna', password: 'four unrelated quiet words' });
  const three = await listen(`tapedeck_session=${third.cookies[0]!.value}`);
  await three.until(/event: status/);
  await app.close();
  await three.end();
  t.pass('and with the server');
});

t.test('the API describes itself to whoever is signed in', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, routes } = dashboard;
  const cookie = await setUp(dashboard);
  const doc = (await get(app, '/openapi.json', cookie)).json();
  t.equal(doc.openapi, '3.1.0');
  for (const { method, url } of routes) {
    if (!url.startsWith('/api/v1/') || method === 'HEAD') continue;
    const said = doc.paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    t.ok(said?.summary && said.description, `${method} ${url}`);
  }
  t.notOk(doc.paths['/*'] || doc.paths['/api/*']);
  t.strictSame(doc.paths['/api/v1/health'].get.security, []);
  t.match(await app.inject({ url: '/api/docs' }), {
    statusCode: 302,
    headers: { location: '/api-reference' },
  });
  const plain = await get(app, '/calls', cookie);
  t.match(plain.headers['content-security-policy'], /script-src 'self';/);
});

t.test('what a recording lacks and sounds like is told, found and counted', async (t) => {
  const dashboard = await openDashboard(t);
  const cookie = await setUp(dashboard);
  const side = {
    ...{ speechDb: -19, noiseDb: -40.5, peakDb: -2, silentShare: 0.5 },
    ...{ zeroShare: 0, clippedShare: 0, lostShare: 0 },
  };
  const ears = { them: { kind: 'line', name: 'trunk' }, us: { kind: 'extension', name: '112' } } as const;
  const add = (flags: Quality['flags'], gaps: Gap[] = []) =>
    addRecording(dashboard, Buffer.from('sound'), {
      call: { startedAt: START + made++ },
      recording: { gaps, quality: { them: side, us: side, echo: null, flags, ears } },
    });
  let made = 0;
  const gap = { atMs: 4_000, untilMs: 9_000, side: 'us', why: noted('The disk was full.') } as const;
  const noisy = (await add([{ side: 'us', flag: 'noisy' }], [gap])).call;
  const echo = (await add([{ side: 'them', flag: 'echo' }])).call;
  await add([]);

  const one = (await get(dashboard.app, `/calls/${noisy.id}`, cookie)).json();
  t.strictSame(ajar(CallDetail, one), []);
  t.match(one.recording, {
    gaps: [{ at_ms: 4_000, until_ms: 9_000, side: 'us', why: noted('The disk was full.') }],
    quality: { us: { noise_db: -40.5 }, flags: [{ side: 'us', flag: 'noisy' }] },
  });

  const list = async (query: string) => {
    const { calls } = (await get(dashboard.app, `/calls?${query}`, cookie)).json();
    return calls.map((c: { id: string }) => c.id);
  };
  t.strictSame(await list('quality=noisy'), [noisy.id]);
  t.strictSame(await list('quality=any'), [echo.id, noisy.id]);
  t.equal((await list('of=extension:112')).length, 3);
  t.strictSame(await list('of=line:trunk&quality=any'), [echo.id]);
  for (const wrong of ['quality=loud', 'of=112', 'of=phone:112'])
    t.equal((await get(dashboard.app, `/calls?${wrong}`, cookie)).statusCode, 400, wrong);

  const trends = (await get(dashboard.app, '/quality', cookie)).json();
  t.strictSame(ajar(QualityTrendsView, trends), []);
  t.match(trends, {
    worst: { of: 'extension:112', flagged: 1 },
    extensions: [{ name: '112', of: 'extension:112', calls: 3, flagged: 1, flags: { noisy: 1, echo: 0 } }],
    lines: [{ name: 'trunk', calls: 3, flagged: 1, flags: { echo: 1 } }],
  });
  const before = await get(dashboard.app, '/quality?from=2020-01-01&to=2020-01-02', cookie);
  t.strictSame(before.json(), { worst: null, extensions: [], lines: [] });
});

t.test('a consultation and the call that it was for lead to each other', async (t) => {
  const dashboard = await openDashboard(t);
  const cookie = await setUp(dashboard);
  const main = await addCall(dashboard.catalogue);
  const ask = (after: number) =>
    addCall(dashboard.catalogue, {
      startedAt: main.startedAt + after,
      direction: 'internal',
      consultFor: main.id,
    });
  const later = await ask(120_000);
  const sooner = await ask(60_000);
  const shown = async (id: string) => {
    const body = (await get(dashboard.app, `/calls/${id}`, cookie)).json();
    t.strictSame(ajar(CallDetail, body), []);
    return body;
  };
  t.strictSame(
    (await shown(main.id)).consultations.map((c: { id: string }) => c.id),
    [sooner.id, later.id],
  );
  t.match(await shown(later.id), { consult_for: main.id, consultations: [] });
});
