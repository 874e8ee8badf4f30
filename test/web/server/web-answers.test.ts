import t from 'tap';
import { openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { dayAfter, daysOf, endOfDay, startOfDay } from '../../../daemon/domain/days.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import type { Quality } from '../../../daemon/domain/recording/quality.js';
import type { Gap } from '../../../daemon/domain/recording/recording.js';
import { CallDetail, CallPage } from '../../../web/calls/schemas.js';
import { QualityTrendsView } from '../../../web/quality/schemas.js';
import { ErrorView } from '../../../web/server/schemas.js';
import {
  addCall,
  addRecording,
  get,
  openDashboard,
  post,
  START,
  setUp,
} from '../../support/web/dashboard.js';
import { ajar } from '../../support/web/put.js';
import { noted } from '../../support/words.js';

t.test('a day begins where it does in the zone of the site', async (t) => {
  const utc = (day: string, zone: string) => new Date(startOfDay(day, zone)).toISOString();
  t.equal(utc('2026-03-29', 'Europe/Berlin'), '2026-03-28T23:00:00.000Z', 'a day of 23 hours');
  t.equal(utc('2026-03-30', 'Europe/Berlin'), '2026-03-29T22:00:00.000Z');
  t.equal(utc('2026-10-26', 'Europe/Berlin'), '2026-10-25T23:00:00.000Z', 'after one of 25');
  t.equal(utc('2018-11-04', 'America/Sao_Paulo'), '2018-11-04T03:00:00.000Z', 'a day without a midnight');
  t.equal(utc('2011-12-30', 'Pacific/Apia'), utc('2011-12-31', 'Pacific/Apia'), 'a day that was left out');
  t.equal(utc('2026-07-26', 'Asia/Kathmandu'), '2026-07-25T18:15:00.000Z');
  t.equal(utc('2026-01-01', 'UTC'), '2026-01-01T00:00:00.000Z');
  t.equal(dayAfter('2028-02-28', 1), '2028-02-29');
  t.strictSame(daysOf({ from: '2028-02-28', to: '2028-03-01' }), ['2028-02-28', '2028-02-29', '2028-03-01']);
  t.strictSame(daysOf({ from: '2028-03-01', to: '2028-02-28' }), []);
});

t.test('the calendar has an end, and whoever asks for a day at it gets an answer', async (t) => {
  const zones = ['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Europe/Berlin'];
  for (const zone of zones) {
    t.equal(endOfDay('2026-03-29', zone), startOfDay('2026-03-30', zone), zone);
    t.equal(endOfDay('9999-12-31', zone), endOfDay('9999-12-30', zone) + 86_400_000, zone);
  }
  t.strictSame(daysOf({ from: '9999-12-30', to: '9999-12-31' }), ['9999-12-30', '9999-12-31']);
  t.throws(() => dayAfter('9999-12-31', 1), { code: 'request_invalid', detail: /end of the calendar/ });
  t.throws(() => dayAfter('0000-01-01', -1), {
    code: 'request_invalid',
    detail: /beginning of the calendar/,
  });
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
    legs: [{ joined_ms: 0, left_ms: 180_000, answered: true }],
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
    ...{ with_faults: 2, extensions_total: 1, lines_total: 1 },
  });
  const db = await openDb(catalogueFile(dashboard.dataDir));
  db.prepare(`INSERT INTO ear_days WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1249)
    SELECT 20000, 'extension', CAST(i AS TEXT), '', 1 FROM n`).run();
  db.close();
  const many = (await get(dashboard.app, '/quality', cookie)).json();
  t.match(many, { with_faults: 2, extensions: [{ name: '112' }], extensions_total: 251 });
  t.equal(many.extensions.length, 200, 'the worst of very many');
  const every = (await get(dashboard.app, '/quality?limit=1000', cookie)).json();
  t.equal(every.extensions.length, 251, 'all of them');
  const before = await get(dashboard.app, '/quality?from=2020-01-01&to=2020-01-02', cookie);
  t.strictSame(before.json(), {
    ...{ worst: null, with_faults: 0, extensions: [], extensions_total: 0, lines: [], lines_total: 0 },
  });
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
