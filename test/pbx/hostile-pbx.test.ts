import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import t from 'tap';
import { createLog } from '../../daemon/ops/log.js';
import { createAmi } from '../../daemon/pbx/ami.js';
import { createAri } from '../../daemon/pbx/ari.js';
import { createFakePbx } from '../support/pbx/fake-pbx.js';
import { heardOf, recorded, recorderFor } from '../support/pbx/links.js';
import { createLab, type Lab, type Pbx, startPbx } from '../support/pbx/pbx.js';
import { tone, wavSource } from '../support/pbx/sources.js';
import { diskWaits, flood, storm } from '../support/pbx/storm.js';
import { type RecorderLab, until } from '../support/recorder.js';

/** How long a flood of events lasts, in s; the bench has a longer one. */
const FLOOD_SECONDS = process.env.PROOFS === 'full' ? 10 : 5;
/** The prompt that the caller says over and over lasts this long, in s: after the flood, which makes the phone late too, all of it. */
const PROMPT_SECONDS = 16.4;
const FLOOD_RATE = 5_000;
/** How late its event loop may be, in ms, on a machine with nothing else to do: there health calls it critical. The bench is stricter. */
const LATE = 1_000;

const log = createLog('silent', 'test');

let pbx: Pbx;
let lab: Lab;

t.before(async () => {
  pbx = await startPbx({ name: 'hostile-22' });
  lab = createLab(pbx);
});
t.afterEach(() => lab?.stop());
t.teardown(() => pbx?.stop());

const memory = (recorder: RecorderLab) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${recorder.pid('run')}/status`, 'utf8'))![1]) / 1024;

t.test(
  'whatever comes over ARI, the daemon lives, stays quick, and a call is recorded all the while',
  async (t) => {
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
    t.match(await status(), { pbxes: [{ ari: true }], recording_now: 1 });

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
    const floodIt = () =>
      flood(
        (text) => fake.event(text),
        () => (n++ % 5 < 3 ? next() : noise[n % noise.length]!),
        FLOOD_RATE,
        FLOOD_SECONDS,
      );
    const { sent, far } = await floodIt();
    const after = await status();
    let grown = memory(recorder) - before;
    t.ok(
      sent > FLOOD_RATE * FLOOD_SECONDS * 0.98 && far === 0,
      `${sent} events sent, ${far} of them to a reader far behind`,
    );
    t.equal(after.pbxes[0]!.ari, true, 'the link is as it was');
    // A machine that is busy with other things lets everybody wait, and the daemon waits for its disk besides.
    const here = own.percentile(99) / 1e6;
    const synced = await disk.p99();
    t.ok(
      after.event_loop_p99_ms! < Math.max(LATE, 3 * here + 2 * synced),
      `event loop, 99th percentile: ${after.event_loop_p99_ms} ms late (${here.toFixed(0)} ms in this process, whose disk takes ${synced.toFixed(0)} ms)`,
    );
    if (grown >= 100) {
      // What is only not collected yet does not grow again; what is kept does, with every flood.
      const then = memory(recorder);
      await floodIt();
      grown = memory(recorder) - then;
    }
    t.ok(grown < 100, `memory has grown by ${grown.toFixed(0)} MB`);
    await call.listen(PROMPT_SECONDS + 1);
    await call.hangup();
    const view = await recorded(api, '+15550121');
    t.ok((await heardOf(lab, api, view.id, 'vm-options')) > 0.8, 'the call is recorded');
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
  await until('the one after', () => heard.some((e) => e.queue === 'after'));
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
      // Every two seconds the link sends a ping, which may come in between.
      const sent = fake
        .ordered()
        .slice(before)
        .replace(/action: ping\r\n.*?\r\n\r\n/gis, '');
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
