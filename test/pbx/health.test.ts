import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { problemCodes, publicMessage } from '../../daemon/domain/operations/health.js';
import { downStatus } from '../../daemon/domain/operations/status.js';
import { createLab, startPbx } from '../support/pbx/pbx.js';
import { makeCertificates, startMailServer } from '../support/peers/mail-server.js';
import { startReceiver } from '../support/peers/webhook-receiver.js';
import { createApiClient, createRecorderLab, until } from '../support/recorder.js';
import { openDashboard } from '../support/web/dashboard.js';

const BUSY = 'event_loop_slow';

/** Prometheus' text format, as strictly as its own parser: a line that is not understood throws. */
function parse(text: string): { samples: Map<string, number>; types: Map<string, string> } {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  const line = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)( \d+)?$/;
  if (!text.endsWith('\n')) throw new Error('it does not end with a line end');
  for (const row of text.split('\n').filter(Boolean)) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(row);
    if (type) {
      if (types.has(type[1]!)) throw new Error(`twice: ${row}`);
      types.set(type[1]!, type[2]!);
    } else if (!row.startsWith('# HELP ')) {
      const found = line.exec(row);
      const value = found && (found[3] === '+Inf' ? Number.POSITIVE_INFINITY : Number(found[3]));
      if (!found || (Number.isNaN(value) && !/^nan$/i.test(found[3]!)))
        throw new Error(`not understood: ${row}`);
      const name = `${found[1]}${found[2] ?? ''}`;
      if (samples.has(name)) throw new Error(`twice: ${row}`);
      samples.set(name, value!);
    }
  }
  return { samples, types };
}

t.test('monitors get one word and fixed sentences, and nothing that says more', async (t) => {
  const secret = {
    message: 'ARI at 10.1.2.3 refused tapedeck, +442079460123',
    hint: 'Look at /etc/tapedeck',
  };
  let status: object = { ...downStatus('', ''), daemon: 'up', health: { level: 'green', problems: [] } };
  const dashboard = await openDashboard(t, {
    control: {
      status: async () => status as never,
      metrics: async () => null,
    },
  });
  const look = async () => {
    dashboard.clock.ms += 2_000;
    const answer = await dashboard.app.inject('/api/v1/health');
    return [answer.statusCode, answer.json()];
  };
  t.strictSame(await look(), [200, { status: 'ok', problems: [] }]);
  const problem = (code: string, severity: string) => ({ code, severity, ...secret });
  status = { ...status, health: { level: 'amber', problems: [problem('disk_low', 'warning')] } };
  t.strictSame(await look(), [
    200,
    { status: 'warn', problems: [{ code: 'disk_low', message: 'The disk will be full soon.' }] },
  ]);
  status = { ...status, health: { level: 'red', problems: problemCodes.map((c) => problem(c, 'critical')) } };
  const [code, body] = await look();
  t.equal(code, 503);
  t.notMatch(JSON.stringify(body), /10\.1|\+44|etc/);
  t.equal(body.problems.length, problemCodes.length);
  status = { ...downStatus(publicMessage('daemon_down'), ''), daemon: 'down' };
  t.match(await look(), [503, { status: 'fail', problems: [{ code: 'daemon_down' }] }]);
  t.equal((await dashboard.app.inject('/api/v1/status')).statusCode, 401, 'details need a session');
  await dashboard.catalogue.stop();
  t.match(await look(), [503, { status: 'fail' }], 'a catalogue that cannot be read is one, too');
  await dashboard.catalogue.start();
});

t.test('metrics are for this machine and for who has the token', async (t) => {
  const token = 'metrics-token-2342';
  const { app } = await openDashboard(t, { metrics: { allow: ['127.0.0.1'], token: () => token } });
  const ask = async (remoteAddress: string, headers = {}) =>
    (await app.inject({ url: '/metrics', remoteAddress, headers })).statusCode;
  t.equal(await ask('127.0.0.1'), 200);
  t.equal(await ask('::ffff:127.0.0.1'), 200);
  t.equal(await ask('192.168.1.7'), 403);
  t.equal(await ask('192.168.1.7', { authorization: `Bearer ${token}` }), 200);
  t.equal(await ask('192.168.1.7', { authorization: `Bearer ${token}x` }), 403);
  t.equal(await ask('192.168.1.7', { 'x-forwarded-for': '127.0.0.1' }), 403);
  t.equal(await ask('127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }), 403, 'somebody behind a proxy here');
  const without = await openDashboard(t, { metrics: { allow: [], token: () => null } });
  const refused = await without.app.inject({ url: '/metrics', headers: { authorization: 'Bearer ' } });
  t.equal(refused.statusCode, 403);
  const { samples } = parse((await app.inject('/metrics')).body);
  t.equal(samples.get('tapedeck_recorder_up'), 1);
  t.equal(samples.get('tapedeck_calls_now'), 1, "the daemon's own are in it");
  t.ok([...samples.keys()].some((name) => name.startsWith('tapedeck_web_')));
});

t.test('a whole recorder: its PBX dies and comes back, and whoever has to know knows', async (t) => {
  // A short path: there is a socket in it.
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-health-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const { ca, key, cert } = makeCertificates(dir);
  const mail = await startMailServer({ key, cert });
  const hook = await startReceiver();
  writeFileSync(join(dir, 'smtp-password'), 'mail-secret-4711\n', { mode: 0o600 });
  writeFileSync(join(dir, 'hook-secret'), 'hook-secret-0815\n', { mode: 0o600 });
  const pbx = await startPbx({ name: 'health' });
  const lab = createLab(pbx);
  const recorder = createRecorderLab({
    dir: join(dir, 'lab'),
    pbx,
    extra: `[alerts]\nmail_to = ["it@hartley.example"]\nmail_from = "tapedeck@hartley.example"
smtp_host = "localhost"\nsmtp_port = ${mail.port}\nsmtp_ca_file = "${ca}"\nsmtp_user = "tapedeck"
smtp_password_file = "../smtp-password"\nwebhook_url = "http://127.0.0.1:${hook.port}/path-secret"
webhook_secret_file = "../hook-secret"\n`,
  });
  t.teardown(async () => {
    await recorder.stop();
    await lab.stop();
    await Promise.all([pbx.stop(), mail.stop(), hook.stop()]);
  });
  await recorder.startDaemon();
  const { address, setupCode } = await recorder.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, 'anna', 'four unrelated quiet words');
  const status = () => api.json<Status>('GET', '/status');
  const health = async () => {
    const answer = await fetch(`${address}/api/v1/health`);
    return [answer.status, ((await answer.json()) as { status: string }).status];
  };
  const metrics = async () => parse(await (await fetch(`${address}/metrics`)).text()).samples;
  type Status = ReturnType<typeof downStatus> & { daemon: string };
  // On a busy machine there may be word of that besides.
  const mails = () => mail.got.filter(({ mail }) => !mail.subject?.includes(publicMessage(BUSY)));
  const hooks = () =>
    hook.got.filter(({ text }) => JSON.parse(text).alarms.some(({ key }: { key: string }) => key !== BUSY));

  await t.test('calls now are told, with why each is or is not recorded', async (t) => {
    await until('green', async () => (await status()).health.level === 'green');
    t.strictSame(await health(), [200, 'ok']);
    await lab.phone('100', { displayName: 'Anna Field' });
    const carrier = await lab.carrier();
    const { version, policy } = await api.json<{ version: number; policy: object }>('GET', '/policy');
    const rule = {
      name: 'Doctor',
      reason: 'Confidential.',
      when: { number_prefix: ['+1555777'] },
      outcome: 'skip',
    };
    await api.json('PUT', '/policy', { based_on: version, policy: { ...policy, record: [rule] } });
    const one = await carrier.call('5551000', { caller: { number: '+442079460123' } });
    await one.answered;
    const seen = await until('the call', async () => (await status()).calls.find((c) => c.recorded));
    t.match(seen, { direction: 'in', them: { number: '+442079460123' }, us: { number: '100' } });
    t.ok(seen.answered_at && seen.why);
    await until('the figures', async () => (await metrics()).get('tapedeck_recording_now{pbx=""}') === 1);
    await one.hangup();
    const two = await carrier.call('5551000', { caller: { number: '+15557771' } });
    await two.answered;
    t.match(
      await until('the other', async () => (await status()).calls.find((c) => c.why === 'Confidential.')),
      { recorded: false },
    );
    await two.hangup();
    await until('both to be over', async () => {
      const s = await status();
      return s.calls.length === 0 && s.preserve.waiting === 0;
    });
  });

  await t.test('the figures add up, and nobody is in them', async (t) => {
    let samples = new Map<string, number>();
    const ended = (how: string) => samples.get(`tapedeck_answered_calls_today{coverage="${how}"}`)!;
    // A call that is over is in no list before it is written what became of it.
    await until('what became of both', async () => {
      samples = await metrics();
      const sealed = samples.get('tapedeck_preserve_seconds_count')! > 0;
      return sealed && ended('recorded') + ended('partial') + ended('excluded') >= 2;
    });
    const text = [...samples.keys()].join('\n');
    t.equal(samples.get('tapedeck_captures_total{result="begun",pbx=""}'), 1);
    // On a busy machine the capture may begin late, and the recording be partial.
    t.equal(ended('recorded') + ended('partial'), 1);
    t.equal(ended('excluded'), 1);
    t.equal(samples.get('tapedeck_preserve_seconds_count'), 1);
    t.equal(samples.get('tapedeck_link_up{link="ari",pbx=""}'), 1);
    t.ok(samples.get('tapedeck_health')! < 2);
    t.ok(samples.get('tapedeck_events_total{kind="leg",pbx=""}')! > 0);
    t.ok(samples.get('tapedeck_daemon_nodejs_eventloop_lag_p99_seconds')! < 5);
    t.notMatch(text, /9460123|Anna|5557771|5551000/);
  });

  await t.test('every channel can be tried', async (t) => {
    const { code, out, err } = await recorder.command(['alert', 'test']);
    t.equal(code, 0, out + err);
    t.match(out, /mail to it@hartley\.example: taken[\s\S]*webhook to http:\/\/127\.0\.0\.1:\d+: taken: 204/);
    t.match(
      [mails().at(-1)?.mail.subject, hook.got.every((posted) => posted.genuine)],
      [/Test message/, true],
    );
    mail.got.length = 0;
    hook.got.length = 0;
    await until('green', async () => (await status()).health.level === 'green');
    t.match(await recorder.command(['status']), {
      code: 0,
      out: /^GREEN\s+No known problems, but a new one could go unnoticed:\s+Test calls are off[\s\S]*ARI up, AMI up/,
    });
  });

  await t.test('the PBX dies: a mail and a webhook within a minute, and red for monitors', async (t) => {
    const at = Date.now();
    await pbx.kill();
    await until('both', () => mails().length === 1 && hooks().length === 1);
    t.comment(`mail after ${mails()[0]!.at - at} ms, webhook after ${hooks()[0]!.at - at} ms`);
    const { mail: message, secure } = mails()[0]!;
    t.ok(secure && hooks()[0]!.genuine);
    t.match(message.subject, /CRITICAL: /);
    t.match(message.text, /What to do[\s\S]*\/health/);
    t.strictSame(await health(), [503, 'fail']);
    const { code, out } = await recorder.command(['status']);
    t.equal(code, 1);
    t.match(out, /^RED/);
    t.match(JSON.parse((await recorder.command(['status', '--json'])).out).alarms[0], {
      severity: 'critical',
    });
  });

  await t.test('the recorder is restarted meanwhile: nothing is told twice', async (t) => {
    await recorder.stopDaemon();
    t.strictSame(await health(), [503, 'fail'], 'monitors learn that it does not answer');
    t.equal((await metrics()).get('tapedeck_recorder_up'), 0);
    t.match(await recorder.command(['status']), { code: 1, out: /^RED[\s\S]*not responding/ });
    await recorder.startDaemon(/the recorder is ready/);
    const standing = await until('the alarm', async () => {
      const s = await status();
      return s.daemon === 'up' && s.alarms.find((a) => a.severity === 'critical');
    });
    t.ok(standing);
    await until(
      'a quarter of a minute',
      async () => Date.now() - Date.parse((await status()).since!) > 15_000,
    );
    t.equal(mails().length, 1);
    t.equal(hooks().length, 1);
  });

  await t.test('the PBX is back: its end is told once, and the page is green', async (t) => {
    await pbx.start();
    await until('both', () => mails().length === 2 && hooks().length === 2);
    t.match(mails()[1]!.mail.subject, /Over: /);
    t.same(mails()[1]!.mail.references, mails()[0]!.mail.references);
    t.match(JSON.parse(hooks()[1]!.text), { kind: 'cleared', alarms: [{ cleared_at: String }] });
    await until('green', async () => (await status()).health.level === 'green');
    t.ok((await status()).blind.length > 0, 'the time without it is told');
    // One of the links may have come back before the other: the alarm was a warning by then.
    const past = (await status()).past_alarms.filter(({ key }) => key !== BUSY);
    t.match(past, [{ key: 'pbx_link', cleared_at: /./ }]);
  });

  await t.test('no secret is in a log or an answer', async (t) => {
    await recorder.stop();
    const labDir = join(dir, 'lab');
    const answers = JSON.stringify([hook.got.map((g) => g.text), mail.got.map((g) => g.mail.text)]);
    const logs = readdirSync(labDir).filter((f) => f.endsWith('.log'));
    t.ok(logs.length >= 2 && existsSync(join(labDir, 'run.log')));
    for (const text of [answers, ...logs.map((f) => readFileSync(join(labDir, f), 'utf8'))])
      t.notMatch(text, /mail-secret-4711|hook-secret-0815|path-secret/);
  });
});
