import t from 'tap';
import type { TapedeckError } from '../../daemon/domain/error.js';
import { createLog } from '../../daemon/ops/log.js';
import { createAmi } from '../../daemon/pbx/ami.js';
import { createAri } from '../../daemon/pbx/ari.js';
import { createFakePbx, createTcpProxy, type Fault } from '../support/pbx/fake-pbx.js';
import { heardOf, recorded, recorderFor } from '../support/pbx/links.js';
import { createLab, type Lab, type Pbx, startPbx } from '../support/pbx/pbx.js';
import { wavSource } from '../support/pbx/sources.js';
import { seconds, until } from '../support/recorder.js';

const log = createLog('silent', 'test');

let pbx: Pbx;
let lab: Lab;

t.before(async () => {
  pbx = await startPbx({ name: 'links-22' });
  lab = createLab(pbx);
});
t.teardown(async () => {
  await lab?.stop();
  await pbx?.stop();
});
// Most of it is waiting for timeouts. Calls are made by the first test alone.
t.jobs = 5;

t.test(
  'a connection that dies without a word is noticed, and afterwards nothing is missing',
  { buffered: true },
  async (t) => {
    const ari = await createTcpProxy(pbx.ports.http);
    const ami = await createTcpProxy(pbx.ports.ami);
    t.teardown(() => Promise.all([ari.stop(), ami.stop()]));
    const { api, status, told } = await recorderFor(t, {
      ...pbx,
      ari: { ...pbx.ari, url: `http://127.0.0.1:${ari.port}/ari` },
      ami: { ...pbx.ami, port: ami.port },
    });
    const carrier = await lab.carrier();
    await lab.phone('100', { source: () => wavSource(lab.prompt('demo-congrats'), { loop: true }) });
    const speak = (number: string) =>
      carrier.call('5551000', {
        caller: { number },
        source: wavSource(lab.prompt('vm-intro'), { loop: true }),
      });
    const alarmed = () => told().match(/"alarm":"pbx_link".*/g) ?? [];

    ami.vanish();
    const amiGone = performance.now();
    await until('AMI is red', async () => !(await status()).pbxes[0]!.ami);
    t.comment(`AMI: noticed after ${Math.round(performance.now() - amiGone)} ms`);
    t.equal((await status()).pbxes[0]!.ari, true, 'ARI goes on');
    await until('a warning', () => /"severity":"warning"/.test(alarmed().at(-1) ?? ''));

    const before = await speak('+15550111');
    await before.answered;
    await until('the capture', async () => (await status()).recording_now === 1);
    ari.vanish();
    const gone = performance.now();
    await until('ARI is red', async () => !(await status()).pbxes[0]!.ari);
    t.comment(`ARI: noticed after ${Math.round(performance.now() - gone)} ms`);
    await until('an alarm', () => /"severity":"critical"/.test(alarmed().at(-1) ?? ''));
    const meanwhile = await speak('+15550112');
    await meanwhile.answered;
    await before.hangup();

    ami.comeBack();
    ari.comeBack();
    const back = performance.now();
    await until('both are green', async () => {
      const [pbx] = (await status()).pbxes;
      return pbx?.ari && pbx.ami;
    });
    t.comment(`reached again after ${Math.round(performance.now() - back)} ms`);
    await until(
      'the capture of the call that began meanwhile',
      async () => (await status()).recording_now === 1,
    );
    await until('the end of the alarm', () => /Over: /.test(alarmed().at(-1) ?? ''));
    await meanwhile.listen(8);
    await meanwhile.hangup();

    const first = await recorded(api, '+15550111');
    t.ok((await heardOf(lab, api, first.id, 'vm-intro')) > 0.8, 'the call in progress is whole');
    const second = await recorded(api, '+15550112');
    t.ok((await heardOf(lab, api, second.id, 'vm-intro')) > 0.8, 'the other one is recorded from then on');
    t.equal((await api.calls()).length, 2, 'and nothing is there twice');
    const downs = told().match(/"link":"(ARI|AMI)".*"level":50|"level":50.*"link":"(ARI|AMI)"/g) ?? [];
    t.equal(downs.length, 2, `each loss is told once ${downs.join('\n')}`);
  },
);

t.test(
  'peers that do not work are asked again and again, but not often, and found when they do',
  { buffered: true },
  async (t) => {
    const ok = '{"system":{"version":"22"}}';
    const on = (path: RegExp, fault: Fault) => (r: { path: string }) => (path.test(r.path) ? fault : null);
    const peers: Record<string, (fake: Awaited<ReturnType<typeof createFakePbx>>) => void> = {
      'never answers': (f) => f.requests(() => 'silence'),
      'never answers what it can do': (f) => f.requests(on(/api-docs/, 'silence')),
      'never answers the list': (f) => f.requests(on(/\/bridges/, 'silence')),
      'answers 101 and then nothing': (f) => f.streams(() => 'swallow'),
      'never answers the stream': (f) => f.streams(() => 'silence'),
      'answers 401': (f) => f.requests(() => ({ status: 401 })),
      'answers 403 to the stream': (f) => f.streams(() => ({ status: 403 })),
      'answers 503': (f) => f.requests(() => ({ status: 503, body: '<html>busy</html>' })),
      'has no session left for one document': (f) =>
        f.requests(on(/api-docs\/bridges/, { status: 503, body: 'busy' })),
      'answers junk': (f) => f.requests(() => ({ status: 200, body: '{"system":' })),
      'answers junk for the documents': (f) => f.requests(on(/api-docs/, { status: 200, body: '<html>' })),
      'has documents without a meaning': (f) =>
        f.requests(on(/api-docs/, { status: 200, body: '{"apis":[null]}' })),
      'answers something else than a list': (f) => f.requests(on(/\/channels$/, { status: 200, body: '{}' })),
      'answers deep JSON': (f) =>
        f.requests(() => ({ status: 200, body: `${'['.repeat(10_000)}${']'.repeat(10_000)}` })),
      'answers null': (f) => f.requests(on(/info|channels/, { status: 200, body: ok.slice(0, 0) || 'null' })),
      'closes the stream at once': (f) => f.streams(() => ({ status: 500 })),
    };
    const links = await Promise.all(
      Object.entries(peers).map(async ([what, upset], n) => {
        const fake = await createFakePbx(pbx);
        t.teardown(() => fake.stop());
        upset(fake);
        const downs: (number | null)[] = [];
        let ups = 0;
        const ari = createAri({
          url: fake.pbx.ari.url,
          user: pbx.ari.user,
          password: pbx.ari.password,
          app: `links-${n}`,
          log,
          now: Date.now,
          onEvent: () => {},
          onUp: () => ups++,
          onDown: (_reason: TapedeckError, lastHeardAt) => downs.push(lastHeardAt),
        });
        t.teardown(() => ari.stop());
        return { what, fake, ari, downs, ups: () => ups };
      }),
    );
    const managers = await Promise.all(
      (['silence', 'refuse'] as const).map(async (fault) => {
        const fake = await createFakePbx(pbx);
        t.teardown(() => fake.stop());
        fake.managers(() => fault);
        const downs: (number | null)[] = [];
        let ups = 0;
        const ami = createAmi({
          ...fake.pbx.ami,
          log,
          now: Date.now,
          onEvent: () => {},
          onUp: () => ups++,
          onDown: (_reason: TapedeckError, lastHeardAt) => downs.push(lastHeardAt),
        });
        t.teardown(() => ami.stop());
        return { what: `AMI ${fault}`, fake, ari: ami, downs, ups: () => ups };
      }),
    );
    const all = [...links, ...managers];
    const used = process.cpuUsage();
    const began = performance.now();
    for (const { ari } of all) ari.start();
    await until('all have been told of', () => all.every((l) => l.downs.length > 0)).catch((e) => {
      throw new Error(`${e.message}: ${all.filter((l) => l.downs.length === 0).map((l) => l.what)}`);
    });
    t.comment(`the last is noticed after ${Math.round(performance.now() - began)} ms`);
    // What is looked at is how often they are tried in this time.
    await seconds(20 - (performance.now() - began) / 1000);
    const passed = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(used);
    const share = (user + system) / 1e4 / passed / all.length;
    t.ok(
      share < 5,
      `each takes ${share.toFixed(2)} % of a core, the fakes and ari-client's documents included`,
    );
    for (const { what, fake, downs, ari, ups } of all) {
      const late = fake.attempts.filter((at) => at > began + 5_000).length;
      t.ok(late <= 6, `${what}: ${fake.attempts.length} attempts in 20 s, ${late} after the first 5 s`);
      t.ok(late >= 1, `${what}: it is tried again`);
      t.same(downs, [null], `${what}: told once`);
      t.match(ari.status(), { up: false, problem: Error }, `${what}: ${ari.status().problem?.message}`);
      t.equal(ups(), 0);
      fake.heal();
    }
    const healed = performance.now();
    await until('all are up', () => all.every((l) => l.ups() === 1 && l.ari.status().up));
    t.comment(`all work ${Math.round(performance.now() - healed)} ms later`);
  },
);

t.test('a link that is stopped while it connects is stopped', { buffered: true }, async (t) => {
  const fake = await createFakePbx(pbx);
  t.teardown(() => fake.stop());
  let ups = 0;
  const ari = createAri({
    ...{ ...fake.pbx.ari, app: 'links-stopped', log, now: Date.now, onEvent: () => {}, onDown: () => {} },
    onUp: () => ups++,
  });
  let stopped = false;
  fake.streams(() => {
    void ari.stop().then(() => {
      stopped = true;
    });
    return null;
  });
  ari.start();
  await until('it is stopped', () => stopped);
  t.equal(ups, 0);
});

t.test(
  'a loss is told once with the time until which nothing was missed, and so is each recovery',
  { buffered: true },
  async (t) => {
    const fake = await createFakePbx(pbx);
    t.teardown(() => fake.stop());
    const told: string[] = [];
    let heardAt: number | null = null;
    const ari = createAri({
      url: fake.pbx.ari.url,
      user: pbx.ari.user,
      password: pbx.ari.password,
      app: 'links-told',
      log,
      now: Date.now,
      onEvent: () => {},
      onUp: () => told.push('up'),
      onDown: (_reason, lastHeardAt) => {
        told.push('down');
        heardAt = lastHeardAt;
      },
    });
    t.teardown(() => ari.stop());
    ari.start();
    await until('it is up', () => told.length === 1);
    for (let i = 0; i < 2; i++) {
      fake.event(JSON.stringify({ type: 'Something' }));
      const at = Date.now();
      fake.requests(() => ({ status: 503 }));
      fake.cut();
      await until('it is down', () => told.length === 2 + i * 2);
      t.ok(
        heardAt !== null && at - heardAt! < 2_500 && heardAt! <= Date.now(),
        `heard until ${at - heardAt!} ms before`,
      );
      const tried = fake.attempts.length;
      await until('two more attempts', () => fake.attempts.length >= tried + 2);
      fake.heal();
      await until('it is up again', () => told.length === 3 + i * 2);
    }
    t.same(told, ['up', 'down', 'up', 'down', 'up']);
  },
);

t.test(
  'what is not needed is left right after connecting: the states of phones, which can lock up ARI',
  { buffered: true },
  async (t) => {
    const app = 'links-narrow';
    let resolve = () => {};
    const up = new Promise<void>((done) => {
      resolve = done;
    });
    const ari = createAri({
      url: pbx.ari.url,
      user: pbx.ari.user,
      password: pbx.ari.password,
      app,
      log,
      now: Date.now,
      onEvent: () => {},
      onUp: () => resolve(),
      onDown: () => {},
    });
    t.teardown(() => ari.stop());
    ari.start();
    await up;
    const authorization = `Basic ${Buffer.from(`${pbx.ari.user}:${pbx.ari.password}`).toString('base64')}`;
    const asked = await fetch(`${new URL(pbx.ari.url).origin}/ari/applications/${app}`, {
      headers: { authorization },
    });
    t.match(await asked.json(), {
      channel_ids: ['__AST_CHANNEL_ALL_TOPIC'],
      bridge_ids: ['__AST_BRIDGE_ALL_TOPIC'],
      endpoint_ids: [],
      device_names: [],
    });
  },
);
