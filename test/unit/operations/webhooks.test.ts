import { join } from 'node:path';
import t from 'tap';
import { createWebhook, type WebhookSettings } from '../../../daemon/notify/webhook.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { pbxPorts } from '../../../daemon/ops/targets.js';
import { alarm, hook, leadingTo, notice, origin } from '../../support/alerts.js';
import { startReceiver } from '../../support/peers/webhook-receiver.js';
import { until } from '../../support/recorder.js';

const never = new AbortController().signal;

t.test('a webhook is signed over its time and its body, and says what a program needs', async (t) => {
  const receiver = await startReceiver();
  t.teardown(() => receiver.stop());
  const webhook = createWebhook(hook(receiver.port), origin);
  const told = notice('raised', alarm());
  t.equal(await webhook.send(told, never), '204');
  const [posted] = receiver.got;
  t.ok(posted!.genuine);
  t.match(posted!.headers, { 'content-type': /json/, 'webhook-id': told.id });
  t.match(JSON.parse(posted!.text), {
    id: told.id,
    kind: 'raised',
    at: '2026-11-25T01:13:04.000Z',
    site: 'Hartley',
    health_url: origin.healthUrl,
    alarms: [
      {
        ...{ key: 'health pbx', severity: 'critical' },
        message: 'The PBX is not responding: new calls are not recorded.',
        hint: /Check that Asterisk is running/,
        why: { code: 'pbx_down', params: { error: null } },
        ...{ raised_at: '2026-11-25T01:12:56.000Z', cleared_at: null },
      },
    ],
  });
  await createWebhook(hook(receiver.port, { secret: () => 'another' }), origin).send(told, never);
  t.notOk(receiver.got[1]!.genuine, 'with another secret it is not genuine');
  const encoded = `whsec_${Buffer.from('hook-secret-0815').toString('base64')}`;
  await createWebhook(hook(receiver.port, { secret: () => encoded }), origin).send(told, never);
  t.ok(receiver.got[2]!.genuine, 'a secret may be written as base64');
  await t.rejects(
    createWebhook(hook(receiver.port, { secret: () => 'whsec_?!' }), origin).send(told, never),
    {
      code: 'alert_undelivered',
      message: /not base64/,
    },
  );
  t.notMatch(webhook.target, /secret/, 'what is shown of its address is the server only');
});

t.test('a webhook follows no redirect, and what is not 2xx has not been taken', async (t) => {
  const trap = await startReceiver();
  const answers: [status: number, said: RegExp][] = [
    [302, /redirects are not followed/],
    [307, /redirects are not followed/],
    [404, /answered 404/],
    [500, /answered 500/],
  ];
  for (const [status, said] of answers) {
    const receiver = await startReceiver({
      answer: (res) =>
        void res.writeHead(status, { location: `http://127.0.0.1:${trap.port}/` }).end('path-secret'),
    });
    await t.rejects(
      createWebhook(hook(receiver.port), origin).send(notice('raised', alarm()), never),
      { message: said },
      `${status}`,
    );
    await receiver.stop();
  }
  t.equal(trap.got.length, 0);
  await trap.stop();
});

t.test('a webhook does not go where no receiver may be, however that is written', async (t) => {
  const receiver = await startReceiver();
  t.teardown(() => receiver.stop());
  const send = (more: Partial<WebhookSettings>) =>
    createWebhook(hook(receiver.port, more), origin).send(notice('raised', alarm()), never);
  for (const url of [
    'http://169.254.169.254/latest/meta-data',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://255.255.255.255/',
    'http://224.0.0.1/',
  ])
    await t.rejects(send({ url }), { message: /where no receiver may be/ }, url);
  await t.rejects(send({ url: 'http://127.0.0.1:8088/ari/channels' }), { message: /takes orders/ });
  await t.rejects(send({ url: 'http://localhost:5038/' }), { message: /takes orders/ }, 'also by a name');
  await t.rejects(send({ pbxPorts: [receiver.port] }), { message: /takes orders/ });
  const pbx = {
    ...loadConfig(join(t.testdir({ 'tapedeck.toml': '' }), 'tapedeck.toml')).pbxes[0]!,
    ami_port: 5038,
  };
  for (const [ari_url, port] of [
    ['http://pbx:8088', 8088],
    ['http://pbx', 80],
    ['https://pbx', 443],
  ] as const)
    t.same(pbxPorts({ pbxes: [{ ...pbx, ari_url }] }), [port, 5038], ari_url);
  t.equal(receiver.got.length, 0);
  t.equal(await send({ pbxPorts: [receiver.port], anywhere: true }), '204', 'unless the admin says so');
  t.equal(await send({ url: `http://localhost:${receiver.port}/` }), '204', 'this machine is no stranger');
});

t.test('a name that leads elsewhere the second time leads a webhook nowhere', async (t) => {
  const receiver = await startReceiver();
  t.teardown(() => receiver.stop());
  const send = () =>
    createWebhook(hook(receiver.port, { url: `http://hooks.example:${receiver.port}/` }), origin).send(
      notice('raised', alarm()),
      never,
    );
  await t.test('what was looked at is what is connected to', async (t) => {
    const asked = leadingTo(t, ['127.0.0.1'], ['169.254.169.254']);
    t.equal(await send(), '204');
    t.equal(asked(), 1, 'a name is looked up once');
    await t.rejects(
      send(),
      { message: /169\.254\.169\.254, where no receiver may be/ },
      'and anew each time',
    );
  });
  await t.test('one of several is enough', async (t) => {
    leadingTo(t, ['127.0.0.1', '169.254.169.254']);
    await t.rejects(send(), { message: /where no receiver may be/ });
  });
  t.equal(receiver.got.length, 1);
});

t.test('a receiver that never answers is given up', async (t) => {
  const receiver = await startReceiver({ answer: () => {} });
  t.teardown(() => receiver.stop());
  const stop = new AbortController();
  const sending = createWebhook(hook(receiver.port), origin).send(notice('test'), stop.signal);
  await until('the request', () => receiver.got.length === 1);
  stop.abort();
  await t.rejects(sending);
});

t.test('a receiver that says more than anybody wants to know has taken it all the same', async (t) => {
  const receiver = await startReceiver({ answer: (res) => void res.end('thanks '.repeat(100_000)) });
  t.teardown(() => receiver.stop());
  t.equal(await createWebhook(hook(receiver.port), origin).send(notice('test'), never), '200');
});
