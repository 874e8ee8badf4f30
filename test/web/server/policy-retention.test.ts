import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import t from 'tap';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { harmless } from '../../../daemon/domain/csv.js';
import { downStatus } from '../../../daemon/domain/operations/status.js';
import { controlFolder, controlSocket, ownerSocket } from '../../../daemon/domain/paths.js';
import type { Act } from '../../../daemon/domain/people/act.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { createControl as createRecorderControl } from '../../../daemon/operations/control.js';
import { ask as askRecorder, connectControl } from '../../../daemon/ops/control-client.js';
import { PolicyView } from '../../../web/policy/schemas.js';
import { RetentionView } from '../../../web/retention/schemas.js';
import type { Ask } from '../../../web/server/ask.js';
import { createControl } from '../../../web/server/control.js';
import { handlersOf, streamsOf } from '../../support/control-handlers.js';
import { retainOf, ruled } from '../../support/recordings/retaining.js';
import {
  addRecording,
  cookieOf,
  type Dashboard,
  get,
  openDashboard,
  password,
  post,
  START,
  setUp,
} from '../../support/web/dashboard.js';
import { ajar } from '../../support/web/put.js';
import { noted } from '../../support/words.js';

const DAY = 86_400_000;
const MINUTE = 60_000;

const put = (app: Dashboard['app'], path: string, payload: unknown, cookie: string) =>
  app.inject({
    method: 'PUT',
    url: `/api/v1${path}`,
    headers: { cookie, 'x-tapedeck': '1', 'content-type': 'application/json' },
    payload: JSON.stringify(payload),
  });

t.test('the policy is changed by version, and every version is kept with its author', async (t) => {
  const dashboard = await openDashboard(t);
  const { app } = dashboard;
  const cookie = await setUp(dashboard);
  const before = (await get(app, '/policy', cookie)).json();
  t.strictSame(ajar(PolicyView, before), []);
  const policy = {
    ...defaultPolicy,
    record: [{ name: 'Board', reason: 'Private.', when: { extension: ['200'] }, outcome: 'skip' }],
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
  t.match(await test({ direction: 'in', extension: '200' }), {
    outcome: 'skip',
    rule: 'Board',
    keep_days: 90,
  });
  t.match(
    await test({ direction: 'in', unknown: ['extension'] }),
    { open: true, meanwhile: 'wait', awaits: ['extension'], outcome: 'record', telling: null },
    'a rule may still fit, and a policy without telling has others tell people',
  );
  t.match(
    await test({ direction: 'in', number: '+14155550123', policy: { ...defaultPolicy, telling: {} } }),
    {
      ...{ open: false, awaits: [] },
      telling: {
        ...{ mode: 'ask', language: 'en', rule: null },
        because: [{ code: 'default' }, { id: 'US' }, { id: 'US-CA', name: 'California' }, {}],
      },
    },
  );
  t.match(await test({ direction: 'out', number: '112' }), { outcome: 'skip', rule: 'Emergency numbers' });
  t.match(await test({ direction: 'in', extension: '200', policy: defaultPolicy }), {
    outcome: 'record',
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

t.test('the longest policy that the form takes gets to the recorder', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-policy-'));
  mkdirSync(join(dir, 'signing'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const saved: unknown[] = [];
  const recorder = createRecorderControl({
    ...{ socket: controlSocket(dir), ownerSocket: ownerSocket(dir), log: pino({ level: 'silent' }) },
    streams: streamsOf(),
    handlers: handlersOf({
      save_policy({ policy }) {
        saved.push(policy);
        return { version: 2 };
      },
    }),
  });
  await recorder.start();
  t.teardown(() => recorder.stop());
  const dashboard = await openDashboard(t, {
    requests: { save_policy: (body) => askRecorder(dir, 'save_policy', body) },
  });
  const cookie = await setUp(dashboard);
  const rule = (n: number) => ({
    ...{ name: `Rule ${n} ${'ü'.repeat(70)}`, reason: 'ü'.repeat(300) },
    when: { extension: Array.from({ length: 60 }, (_, i) => `${100 + i}`) },
  });
  const rules = Array.from({ length: 200 }, (_, n) => rule(n));
  const policy = {
    ...defaultPolicy,
    record: rules.map((one) => ({ ...one, outcome: 'record' })),
    retention: rules.map((one) => ({ ...one, keep_days: 30 })),
  };
  const answer = await put(dashboard.app, '/policy', { based_on: 1, policy }, cookie);
  t.equal(answer.statusCode, 200, answer.body.slice(0, 300));
  t.strictSame(saved, [policy]);
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
  await catalogue.recordings.eraseIntended(gone.recording.id, noted('@due'), START);
  await catalogue.recordings.erased(gone.recording.id, START);
  // Its erasure was interrupted after it was written down.
  const begun = (await add(START - 2)).recording.id;
  await catalogue.recordings.eraseIntended(begun, noted('@due'), START);
  const about = { object: 'call', object_id: 'C', reason: '', detail: { recording: begun } };
  await catalogue.audit.append(entryOf(TAPEDECK, START, 'erase', about));

  const { version } = await catalogue.policy.newest();
  await catalogue.policy.save(ruled, 'test', START, version);
  const view = (await get(app, '/retention', cookie)).json();
  t.strictSame(ajar(RetentionView, view), []);
  t.match(view, {
    kept: 3,
    for_ever: 1,
    due_total: 2,
    begun: 1,
    due: [{ recording_id: due.recording.id }],
    next: [{ recording_id: next.recording.id }],
    gone: [{ recording_id: gone.recording.id, erase_reason: '@due' }],
    breaker: { tripped: true, limit: 0.2 },
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

t.test('the policy is saved and what is due erased only by a proof of the last ten minutes', async (t) => {
  const runs: object[] = [];
  const dashboard = await openDashboard(t, {
    recorder: {
      retain: {
        ...retainOf(),
        async run(how) {
          runs.push(how);
          return { erased: 1, failed: 0, left: 0, protected: 0 };
        },
      },
    },
  });
  const { app, catalogue, clock } = dashboard;
  const cookie = await setUp(dashboard);
  const { version } = await catalogue.policy.newest();
  const changed = { ...defaultPolicy, emergency_numbers: ['112', '999'] };
  const save = () => put(app, '/policy', { based_on: version, policy: changed }, cookie);
  const run = () => post(app, '/retention/run', { confirm: 'erase-1-abc' }, { cookie });
  const prove = (given: string, act: Act, as = cookie) =>
    post(app, '/session/proof', { password: given, act }, { cookie: as });
  const rules = { kind: 'rules', object: String(version) } as const;
  const erasing = { kind: 'erasing', object: 'erase-1-abc' } as const;

  clock.ms += 10 * MINUTE + 1;
  for (const [ask, act] of [
    [save, rules],
    [run, erasing],
  ] as const)
    t.match(
      [(await ask()).statusCode, (await ask()).json()],
      [403, { error: { code: 'proof_needed', act } }],
    );
  t.equal((await prove('wrong', rules)).statusCode, 401);
  for (const act of [save, run]) t.equal((await act()).statusCode, 403, 'by a wrong password neither');
  t.equal((await catalogue.policy.newest()).version, version, 'nothing was changed');
  t.strictSame(runs, [], 'nothing was erased');
  const written = () =>
    catalogue.audit.entries({ actions: ['policy_change', 'retention_run'], outcome: 'ok', limit: 9 });
  t.strictSame(await written(), [], 'and nothing is on record as done');

  const proved = await prove(password, rules);
  t.equal(proved.statusCode, 200, proved.body);
  const again = cookieOf(await prove(password, erasing, cookieOf(proved)));
  const saved = await put(app, '/policy', { based_on: version, policy: changed }, again);
  t.match(saved.json(), { version: version + 1, policy: changed });
  t.equal((await post(app, '/retention/run', { confirm: 'erase-1-abc' }, { cookie: again })).statusCode, 200);
  t.match(runs, [
    { confirm: 'erase-1-abc', run: { kind: 'retention', requestedBy: { actor: 'person', name: /./ } } },
  ]);
  t.match(await written(), [{ action: 'retention_run' }, { action: 'policy_change' }]);

  clock.ms += 10 * MINUTE + 1;
  t.equal(
    (await post(app, '/retention/run', {}, { cookie: again })).statusCode,
    403,
    'for ten minutes, not longer',
  );
});

t.test("a retention run is the daemon's, and so are its refusals", async (t) => {
  // A short path: the system cuts that of a socket, without a word.
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-answers-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const asked: unknown[] = [];
  let answer: [number, unknown] = [200, { erased: 2, failed: 0, left: 5, protected: 0 }];
  const daemon = createServer((req, res) => {
    let body = '';
    req.on('data', (part) => (body += part));
    req.on('end', () => {
      asked.push(`${req.method} ${req.url} ${body}`);
      res.writeHead(answer[0], { 'content-type': 'application/json' }).end(JSON.stringify(answer[1]));
    });
  });
  const connection = connectControl(dir);
  t.teardown(connection.stop);
  const overSocket = connection.ask as Ask;
  const dashboard = await openDashboard(t, {
    control: createControl(overSocket),
    requests: { run_retention: (body) => overSocket('run_retention', body) },
  });
  const cookie = await setUp(dashboard);
  const run = (body: object) => post(dashboard.app, '/retention/run', body, { cookie });
  t.equal((await get(dashboard.app, '/status', cookie)).json().daemon, 'down');
  t.match((await run({})).json(), { error: { code: 'daemon_unreachable' } });

  mkdirSync(controlFolder(dir));
  await new Promise<void>((up) => daemon.listen(controlSocket(dir), up));
  t.teardown(() => daemon.close());
  t.strictSame((await run({ confirm: 'erase-2-abc' })).json(), {
    ...{ erased: 2, failed: 0, left: 5, protected: 0 },
  });
  const by = String(asked.at(-1)).replace(/"(person|session)":"\w+"/g, '"$1":"…"');
  t.equal(
    by,
    'POST /retention/run {"by":{"person":"…","session":"…","address":"127.0.0.1"},"confirm":"erase-2-abc"}',
  );
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
