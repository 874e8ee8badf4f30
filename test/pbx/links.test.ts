import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import t, { type Test } from 'tap';
import type { TapedeckError } from '../../daemon/domain/error.js';
import { request } from '../../daemon/ops/control-client.js';
import { createLog } from '../../daemon/ops/log.js';
import { createAmi } from '../../daemon/pbx/ami.js';
import { createAri } from '../../daemon/pbx/ari.js';
import { createFakePbx, createTcpProxy, type Fault } from '../support/pbx/fake-pbx.js';
import { createLab, type Lab, type Pbx, startPbx } from '../support/pbx/pbx.js';
import { readPrompt, tone, wavSource } from '../support/pbx/sources.js';
import { readTrace, traces } from '../support/pbx/traces.js';
import {
  type ApiClient,
  createApiClient,
  createRecorderLab,
  type RecorderLab,
  seconds,
  until,
} from '../support/recorder.js';
import { decode, hear } from '../support/recordings/audio.js';

/** How long a flood of events lasts; the bench has a longer one. */
const FLOOD_SECONDS = 10;
const FLOOD_RATE = 5_000;
/** How late its event loop may be, in ms: on a machine with nothing else to do, and on any: there health calls it critical. */
const LATE = { calm: 200, ever: 1_000 };

type Status = {
  pbx: { ari: boolean; ami: boolean; problem: { message: string } | null };
  calls_now: number;
  recording_now: number;
  event_loop_p99_ms: number;
};

const log = createLog('silent', 'test');

let pbx: Pbx;
let lab: Lab;

t.before(async () => {
  pbx = await startPbx({ name: 'links-22' });
  lab = createLab(pbx);
});
t.afterEach(() => lab?.stop());
t.teardown(() => pbx?.stop());

/** A Tapedeck that reaches the PBX as `seen`. */
async function recorderFor(t: Test, seen: Pbx) {
  const dir = t.testdir({});
  const recorder = createRecorderLab({ dir, pbx: seen });
  t.teardown(() => recorder.stop());
  await recorder.startDaemon();
  const { address, setupCode } = await recorder.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, 'anna', 'four unrelated quiet words');
  const status = () => request<Status>(join(recorder.dataDir, 'control.sock'), 'GET', '/status');
  const told = () => readFileSync(join(dir, 'run.log'), 'utf8');
  await until('both links', async () => {
    const { pbx } = await status();
    return pbx.ari && pbx.ami;
  });
  return { recorder, api, status, told };
}

async function recorded(api: ApiClient, number: string) {
  const find = async () => (await api.calls(`&q=${encodeURIComponent(number)}`))[0];
  return until(
    `the recording of ${number}`,
    async () => {
      const call = await find();
      return call?.recording ? call : null;
    },
    30_000,
  ).catch(async (e: Error) => {
    throw new Error(`${e.message}: ${JSON.stringify(await find())}`);
  });
}

/** How much of the prompt is on the left of a recording, 0 to 1. */
async function heardOf(api: ApiClient, id: string, prompt: 'vm-options' | 'vm-intro') {
  const sound = await decode(await api.audio(id), 8000);
  return hear(readPrompt(lab.prompt(prompt)), sound.channels[0]!, 8000).share;
}

const memory = (recorder: RecorderLab) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${recorder.pid('run')}/status`, 'utf8'))![1]) / 1024;

t.test('a connection that dies without a word is noticed, and afterwards nothing is missing', async (t) => {
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
  await until('AMI is red', async () => !(await status()).pbx.ami, 12_000);
  const amiNoticed = performance.now() - amiGone;
  t.ok(amiNoticed < 10_000, `AMI: noticed after ${Math.round(amiNoticed)} ms`);
  t.equal((await status()).pbx.ari, true, 'ARI goes on');
  await until('a warning', () => /"severity":"warning"/.test(alarmed().at(-1) ?? ''));

  const before = await speak('+15550111');
  await before.answered;
  await until('the capture', async () => (await status()).recording_now === 1);
  ari.vanish();
  const gone = performance.now();
  await until('ARI is red', async () => !(await status()).pbx.ari, 12_000);
  const noticed = performance.now() - gone;
  t.ok(noticed < 10_000, `ARI: noticed after ${Math.round(noticed)} ms`);
  await until('an alarm', () => /"severity":"critical"/.test(alarmed().at(-1) ?? ''));
  const meanwhile = await speak('+15550112');
  await meanwhile.answered;
  await before.hangup();

  ami.comeBack();
  ari.comeBack();
  const back = performance.now();
  await until(
    'both are green',
    async () => {
      const { pbx } = await status();
      return pbx.ari && pbx.ami;
    },
    20_000,
  );
  const found = performance.now() - back;
  t.ok(found < 15_000, `reached again after ${Math.round(found)} ms`);
  await until(
    'the capture of the call that began meanwhile',
    async () => (await status()).recording_now === 1,
  );
  await until('the end of the alarm', () => /Over: /.test(alarmed().at(-1) ?? ''));
  await meanwhile.listen(8);
  await meanwhile.hangup();

  const first = await recorded(api, '+15550111');
  t.ok((await heardOf(api, first.id, 'vm-intro')) > 0.8, 'the call in progress is whole');
  const second = await recorded(api, '+15550112');
  t.ok((await heardOf(api, second.id, 'vm-intro')) > 0.8, 'the other one is recorded from then on');
  t.equal((await api.calls()).length, 2, 'and nothing is there twice');
  const downs = told().match(/"link":"(ARI|AMI)".*"level":50|"level":50.*"link":"(ARI|AMI)"/g) ?? [];
  t.equal(downs.length, 2, `each loss is told once ${downs.join('\n')}`);
});

t.test(
  'peers that do not work are asked again and again, but not often, and found when they do',
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
    await until('all have been told of', () => all.every((l) => l.downs.length > 0), 15_000).catch((e) => {
      throw new Error(`${e.message}: ${all.filter((l) => l.downs.length === 0).map((l) => l.what)}`);
    });
    const told = performance.now() - began;
    t.ok(told < 10_000, `the last is noticed after ${Math.round(told)} ms`);
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
    await until('all are up', () => all.every((l) => l.ups() === 1 && l.ari.status().up), 20_000);
    const took = performance.now() - healed;
    t.ok(took < 15_000, `all work ${Math.round(took)} ms later`);
  },
);

t.test('a link that is stopped while it connects is stopped', async (t) => {
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
  await until('it is stopped', () => stopped, 20_000);
  t.equal(ups, 0);
});

t.test(
  'a loss is told once with the time until which nothing was missed, and so is each recovery',
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
      await until('two more attempts', () => fake.attempts.length >= tried + 2, 20_000);
      fake.heal();
      await until('it is up again', () => told.length === 3 + i * 2, 15_000);
    }
    t.same(told, ['up', 'down', 'up', 'down', 'up']);
  },
);

/** Events of recorded calls, each replayed under ids of its own. */
function storm() {
  const texts = traces()
    .filter((trace) => trace.version === 22)
    .map(({ name }) => readTrace(name).filter((h) => h.from === 'ari'))
    .map((heard) => heard.map(({ raw }) => JSON.stringify(raw)));
  let replay = 0;
  let events: string[] = [];
  return (): string => {
    if (events.length === 0) {
      const n = replay++;
      const now = new Date().toISOString();
      events = texts[n % texts.length]!.map((text) =>
        text
          .replace(/"(\d{10}\.\d+)"/g, `"$1-${n}"`)
          .replace(
            /"[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"/g,
            (_, rest) => `"${n.toString(16).padStart(8, '0')}${rest}"`,
          )
          .replace(/"timestamp":"[^"]*"/g, `"timestamp":"${now}"`),
      );
    }
    return events.shift()!;
  };
}

/** How long a small write to this folder's disk takes to be durable, asked for all the time: 99 of 100 take less, ms. */
function diskWaits(dir: string) {
  const took: number[] = [];
  let over = false;
  const work = (async () => {
    const file = await open(join(dir, 'synced'), 'w');
    while (!over) {
      const began = performance.now();
      await file.write('x');
      await file.datasync();
      took.push(performance.now() - began);
      await seconds(0.02);
    }
    await file.close();
  })();
  return {
    p99: async (): Promise<number> => {
      over = true;
      await work;
      return took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0;
    },
  };
}

/** `rate` texts a second for so long, evenly. Gives how many were sent. */
async function flood(send: (text: string) => boolean, next: () => string, rate: number, lasting: number) {
  const began = performance.now();
  let sent = 0;
  let far = 0;
  for (;;) {
    const passed = (performance.now() - began) / 1000;
    if (passed > lasting) return { sent, far };
    for (const due = passed * rate; sent < due; sent++) if (!send(next())) far++;
    await seconds(0.005);
  }
}

t.test(
  'whatever comes over ARI, the daemon lives, stays quick, and a call is recorded all the while',
  async (t) => {
    t.setTimeout(200_000);
    const fake = await createFakePbx(pbx);
    t.teardown(() => fake.stop());
    const { recorder, api, status, told } = await recorderFor(t, fake.pbx);
    const carrier = await lab.carrier();
    await lab.phone('100', { source: () => tone(600) });
    const call = await carrier.call('5551000', {
      caller: { number: '+15550121' },
      source: wavSource(lab.prompt('vm-options'), { loop: true }),
    });
    await call.answered;
    await until('the capture', async () => (await status()).recording_now === 1);
    const pid = recorder.pid('run');
    const before = memory(recorder);
    const [live] = await pbx.ask<[Record<string, unknown>]>('/channels');

    const odd: (string | Buffer)[] = [
      '',
      'not JSON',
      '{"type":"ChannelDestroyed"',
      'null',
      '[]',
      '7',
      '"text"',
      '{"type":"ChannelDestroyed"}',
      '{"type":"ChannelDestroyed","channel":null}',
      '{"type":"ChannelDestroyed","channel":[]}',
      '{"type":"ChannelEnteredBridge","channel":{"id":7,"name":{}},"bridge":"b"}',
      '{"type":"StasisStart","channel":{"name":"Snoop/","id":null}}',
      '{"type":"RecordingFinished","recording":{"name":7}}',
      '{"type":"__proto__","channel":{"__proto__":{"id":"x"}}}',
      '{"type":"NeverHeardOf","channel":{"id":"x","name":"PJSIP/x-00000001","state":"Up"}}',
      `{"type":"ChannelCreated","channel":{"id":"${'i'.repeat(1 << 20)}","name":"PJSIP/x-00000001"}}`,
      `{"type":"ChannelHold","channel":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      `{"a":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`,
      Buffer.concat([
        Buffer.from(
          '{"type":"ChannelCallerId","channel":{"id":"y","name":"PJSIP/y-00000001","caller":{"name":"',
        ),
        Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80]),
        Buffer.from('"}}}'),
      ]),
      // Of a channel that is there: late, early and twice.
      JSON.stringify({ type: 'ChannelCreated', channel: live }),
      JSON.stringify({ type: 'ChannelCreated', channel: live }),
      JSON.stringify({ type: 'ChannelStateChange', channel: { ...live, state: 'Ring' } }),
      JSON.stringify({ type: 'ChannelUnhold', channel: live }),
      JSON.stringify({ type: 'RecordingFinished', recording: { name: 'nobody-0-in' } }),
    ];
    for (const each of odd) fake.event(each);
    await until('the junk has been told of', () => told().includes('not JSON'));
    t.equal(recorder.pid('run'), pid);
    t.match(await status(), { pbx: { ari: true }, recording_now: 1 });

    const own = monitorEventLoopDelay({ resolution: 10 });
    own.enable();
    const disk = diskWaits(recorder.dataDir);
    const next = storm();
    const noise = [
      'ChannelHold',
      'ChannelUnhold',
      'ChannelDialplan',
      'ChannelVarset',
      'Unheard',
      'ChannelStateChange',
    ].map((type) => JSON.stringify({ type, channel: live }));
    let n = 0;
    const { sent, far } = await flood(
      (text) => fake.event(text),
      () => (n++ % 5 < 3 ? next() : noise[n % noise.length]!),
      FLOOD_RATE,
      FLOOD_SECONDS,
    );
    const after = await status();
    const grown = memory(recorder) - before;
    t.ok(
      sent > FLOOD_RATE * FLOOD_SECONDS * 0.98 && far === 0,
      `${sent} events sent, ${far} of them to a reader far behind`,
    );
    t.equal(after.pbx.ari, true, 'the link is as it was');
    // A machine that is busy with other things lets everybody wait, and the daemon waits for its disk as well.
    const here = own.percentile(99) / 1e6;
    const synced = await disk.p99();
    t.ok(
      after.event_loop_p99_ms < Math.min(LATE.ever, Math.max(LATE.calm, 3 * here, 2 * synced)),
      `event loop, 99th percentile: ${after.event_loop_p99_ms} ms late (${here.toFixed(0)} ms in this process, whose disk takes ${synced.toFixed(0)} ms)`,
    );
    t.ok(grown < 100, `memory has grown by ${grown.toFixed(0)} MB`);
    await call.listen(17);
    await call.hangup();
    const view = await recorded(api, '+15550121');
    t.ok((await heardOf(api, view.id, 'vm-options')) > 0.8, 'the call is recorded');
    t.equal(recorder.pid('run'), pid, 'by the same process');
    const said = told().match(/"link":"ARI"/g) ?? [];
    t.same(said, [], 'the link was never lost');
  },
);

t.test('whatever comes over AMI, it stays up and what makes sense is heard', async (t) => {
  const fake = await createFakePbx(pbx);
  t.teardown(() => fake.stop());
  const heard: Record<string, unknown>[] = [];
  let ups = 0;
  const downs: string[] = [];
  const ami = createAmi({
    ...fake.pbx.ami,
    log,
    now: Date.now,
    onEvent: (event) => heard.push(event as Record<string, unknown>),
    onUp: () => ups++,
    onDown: (reason) => downs.push(reason.message),
  });
  t.teardown(() => ami.stop());
  ami.start();
  await until('it is up', () => ups === 1);
  const before = process.memoryUsage().rss / (1 << 20);
  const join = (name: string, ...more: string[]) =>
    `Event: QueueCallerJoin\r\nQueue: ${name}\r\n${more.join('')}\r\n`;
  const odd: (string | Buffer)[] = [
    'junk\r\njunk\r\n\r\n',
    '\r\n\r\n\r\n',
    ': nothing\r\n\r\n',
    'Event: close\r\n\r\n',
    'Event: error\r\n\r\n',
    'Event: rawevent\r\nX: y\r\n\r\n',
    'Event: newListener\r\n\r\n',
    'Response: Success\r\nActionID: rawevent\r\n\r\n',
    'Response: Success\r\nActionID: error\r\n\r\n',
    'Response: Follows\r\nPrivilege: Command\r\n\r\n',
    '__proto__: x\r\nEvent: Odd\r\nconstructor: y\r\n\r\n',
    `Event: Long\r\nValue: ${'v'.repeat(1 << 20)}\r\n\r\n`,
    `Event: Endless\r\n${'Line: x\r\n'.repeat(100_000)}\r\n`,
    Buffer.concat([
      Buffer.from('Event: Bytes\r\nName: '),
      Buffer.from([0xff, 0xfe, 0x00]),
      Buffer.from('\r\n\r\n'),
    ]),
    join('one', 'Queue: two\r\n', 'ChanVariable: A=1\r\n', 'ChanVariable: A=2\r\n'),
  ];
  for (const each of odd) fake.manager(each);
  fake.manager(join('last'));
  await until('the last one', () => heard.some((e) => e.queue === 'last'));
  t.match(
    heard.find((e) => Array.isArray(e.queue)),
    { event: 'QueueCallerJoin', queue: ['one', 'two'] },
    'a key that comes twice is a list',
  );
  // 64 MB without the end of a line, and then of a message.
  for (let i = 0; i < 64; i++) fake.manager('x'.repeat(1 << 20));
  fake.manager('\r\n\r\n');
  for (let i = 0; i < 64; i++) fake.manager('Key: value\r\n'.repeat(80_000));
  fake.manager('\r\n\r\n');
  fake.manager(join('after'));
  await until('the one after', () => heard.some((e) => e.queue === 'after'), 20_000);
  const grown = process.memoryUsage().rss / (1 << 20) - before;
  t.ok(grown < 250, `memory of this process, which sends it too, has grown by ${grown.toFixed(0)} MB`);
  await flood(
    (text) => {
      fake.manager(text);
      return true;
    },
    () => join('flood'),
    FLOOD_RATE,
    2,
  );
  fake.manager(join('end'));
  await until('the end', () => heard.some((e) => e.queue === 'end'));
  t.ok(heard.filter((e) => e.queue === 'flood').length > FLOOD_RATE * 1.9, 'every event of a flood is heard');
  t.same({ ups, downs }, { ups: 1, downs: [] }, 'and the link was never lost');
  t.equal(ami.status().up, true);
});

t.test(
  'whatever is said to the PBX is one header over AMI, and one place in the path over ARI',
  async (t) => {
    const fake = await createFakePbx(pbx);
    t.teardown(() => fake.stop());
    const up = { ami: 0, ari: 0 };
    const ami = createAmi({
      ...{ ...fake.pbx.ami, log, now: Date.now, onEvent: () => {}, onDown: () => {} },
      onUp: () => up.ami++,
    });
    const app = 'links-hostile';
    const ari = createAri({
      ...{ ...fake.pbx.ari, app, log, now: Date.now, onEvent: () => {}, onDown: () => {} },
      onUp: () => up.ari++,
    });
    t.teardown(() => Promise.all([ami.stop(), ari.stop()]));
    ami.start();
    ari.start();
    await until('both are up', () => up.ami === 1 && up.ari === 1);

    for (const end of ['\r\n', '\n', '\r', '\0', '\r\n\r\n', '\n\n']) {
      const before = fake.ordered().length;
      const evil = `x${end}Action: Originate${end}Channel: Local/1${end}${end}Action: Logoff`;
      t.equal(await ami.may({ action: 'GetConfig', filename: evil, [`Cat${end}egory`]: `a${end}` }), false);
      const sent = fake.ordered().slice(before);
      t.match(sent, /filename: xAction: OriginateChannel: Local\/1Action: Logoff\r\n/i, JSON.stringify(end));
      const heads = sent.split('\r\n').map((line) => line.split(':')[0]!.toLowerCase());
      t.equal(heads.filter((head) => head === 'action').length, 1, 'it is one action');
      t.strictSame(
        heads.filter((head) => head === 'category' || head === 'channel'),
        ['category'],
      );
      t.notMatch(sent.replaceAll('\r\n', ''), /[\r\n\0]/);
    }

    const asked: string[] = [];
    fake.requests(({ path }) => {
      asked.push(path);
      return { status: 404, body: '{"message":"Channel not found"}' };
    });
    for (const id of [
      '../../asterisk/modules/app_queue.so',
      '%2e%2e%2fbridges',
      '1700000000.1/../../bridges',
      '1700000000.1?app=other&spy=both#',
      'a b\tc',
      '\r\nHost: evil.example\r\n\r\n',
      '{channelId}',
      '\ud800',
      'é',
      '\\\\evil.example\\x',
      '',
    ]) {
      asked.length = 0;
      for (const ask of [
        () => ari.snoop(id, 'in', 'snoop-1'),
        () => ari.record(id, 'name', false),
        () => ari.hangup(id),
      ])
        await ask().catch(() => {});
      for (const path of asked) {
        const place = /^\/ari\/channels\/([^/?#\s]*)(?:\/(?:snoop\/snoop-1|record))?(?:\?[^#\s]*)?$/.exec(
          path,
        )?.[1];
        t.equal(place && decodeURIComponent(place), id.toWellFormed(), `${JSON.stringify(id)}: ${path}`);
        t.notMatch(path, /spy=both|app=other/);
      }
    }
  },
);

t.test(
  'what is not needed is left right after connecting: the states of phones, which can lock up ARI',
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
