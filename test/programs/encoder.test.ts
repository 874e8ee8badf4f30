import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { FIRST } from '../../daemon/domain/pbx.js';
import { frame } from '../../daemon/encode/apart/frames.js';
import { createRemoteFfmpeg } from '../../daemon/encode/apart/remote.js';
import { createEncoder } from '../../daemon/encode/encoder.js';
import { createFfmpeg, type Ffmpeg } from '../../daemon/encode/ffmpeg.js';
import { type OpusPlan, opusPlan, soundPlan } from '../../daemon/encode/opus.js';
import { createEncoderProgram, ENCODER, type EncoderProgram } from '../support/encoder.js';
import { until } from '../support/recorder.js';
import { preserveLab, toneWav } from '../support/recordings/preserve-lab.js';
import { scratch } from '../support/recordings/sealed.js';
import { wav } from '../support/recordings/wav.js';

/** The real program with the real ffmpeg, as a user of its own where we are root. */
const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const tags = { title: 'Anna\n\0-f null "x"', date: '2025-03-01T10:00:00Z', callId: id };

/** A folder that other users reach. */
function openFolder(t: Test): string {
  const dir = scratch(t);
  chmodSync(dir, 0o755);
  return dir;
}

async function started(t: Test, script?: string): Promise<EncoderProgram> {
  const ffmpeg = script === undefined ? undefined : join(openFolder(t), 'ffmpeg');
  if (ffmpeg) writeFileSync(ffmpeg, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const program = createEncoderProgram({ ...(ffmpeg && { ffmpeg }) });
  t.teardown(program.stop);
  await program.start();
  return program;
}
const heard = (f: Ffmpeg, ogg: Buffer, rate = 8_000) =>
  buffer(f.decode(Readable.from([ogg]), rate, 60_000).stdout);
const remoteOf = ({ socket }: EncoderProgram): Ffmpeg => createRemoteFfmpeg({ socket });

/** Segments of tones in files of `t`. */
function planOf(t: Test, ms: number, segments = 1): OpusPlan {
  const dir = scratch(t);
  const file = (name: string, rate: number, from: number) => {
    writeFileSync(join(dir, name), wav(rate, ms, [[from, Math.min(ms, from + 700)]]));
    return join(dir, name);
  };
  return opusPlan({
    segments: Array.from({ length: segments }, (_, n) => ({
      offsetMs: n * (ms + 250),
      inFile: file(`${n}-in.wav`, 8000, 100),
      outFile: n % 3 === 1 ? null : file(`${n}-out.wav`, n % 2 ? 16_000 : 8000, 900),
      rate: n % 2 ? 16_000 : 8000,
      ...{ inMs: ms, outMs: n % 3 === 1 ? 0 : ms },
      inLost: n % 4 === 0 ? [{ fromMs: 200, toMs: 220, ms: 300 }] : [],
    })),
    ...{ tags, bitrate: 24_000, complexity: 5 },
  });
}

/** Processes of ffmpeg, or of what stands in its place, that belong to an encoder. */
function runsOf(program: EncoderProgram): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(parent) === program.pid() && state !== 'Z';
    } catch {
      return false;
    }
  });
}

t.test('what the encoder makes sounds as what ffmpeg makes here, and comes from another user', async (t) => {
  const program = await started(t);
  const remote = remoteOf(program);
  const own = createFfmpeg();
  t.same(await remote.version(), await own.version());
  for (const segments of [1, 24]) {
    const plan = planOf(t, 2_000, segments);
    const [here, there] = await Promise.all([own, remote].map((f) => buffer(f.encode(plan, 60_000).stdout)));
    t.equal(there!.length, here!.length, `${segments} segments, ${plan.inputs.length} files`);
    const [a, b] = [await heard(own, here!, plan.rate), await heard(remote, there!, plan.rate)];
    t.ok(a.length > 4 * plan.rate && a.equals(b), 'the same to the last bit');
  }
  const form = soundPlan({ tags, bitrate: 24_000, complexity: 5, rate: 8_000 });
  const live = (f: Ffmpeg) => buffer(f.sound(form, Readable.from([toneWav(3)]), 60_000).stdout);
  t.ok((await heard(own, await live(own))).equals(await heard(own, await live(remote))), 'of samples too');
  const who = await started(t, 'echo "user $(id -u) $(id -g) $(id -G)" >&2; exit 1');
  const run = remoteOf(who).decode(Readable.from([]), 8000, 10_000);
  const uid = program.separate ? ENCODER : process.getuid!();
  await t.rejects(run.done, { code: 'encode_failed', detail: new RegExp(`user ${uid} `) });
});

t.test(
  'recordings are made by way of the encoder, wait while it is away, and come when it is back',
  async (t) => {
    const program = await started(t);
    const lab = await preserveLab(t, { socket: program.socket, retries: [50, 50], again: 300 });
    await lab.add(id, [{ in: toneWav(3), out: toneWav(3) }]);
    await program.end('SIGKILL');
    lab.preserver.enqueue(FIRST, id);
    await until('the alarm', () => lab.standing.size > 0);
    t.match(lab.standing.get('preserve'), { severity: 'critical', message: /encoder.*does not answer/ });
    t.equal(lab.spool().length, 2, 'what was captured is there');
    t.same(lab.sealed(), []);
    await program.start();
    await until('the recording', async () => (await lab.catalogue.calls.get(id))!.recording !== null);
    await until('the end of the alarm', () => lab.standing.size === 0);
    t.match((await lab.catalogue.calls.get(id))!.coverage, { status: 'recorded', why: null });
    t.same(lab.spool(), []);
  },
);

t.test(
  'an encoder that is killed in the middle fails what it was making, and ffmpeg ends with it',
  async (t) => {
    const program = await started(t);
    const run = remoteOf(program).encode(planOf(t, 1_200_000), 60_000);
    await once(run.stdout, 'data');
    const children = runsOf(program);
    t.equal(children.length, 1);
    await program.end('SIGKILL');
    await t.rejects(run.done, { code: 'encoder_away' });
    t.equal(run.stdout.destroyed, true);
    await until('ffmpeg to be gone', () => !readdirSync('/proc').includes(children[0]!));
    await t.rejects(remoteOf(program).version(), { code: 'encoder_away' });
    await program.start();
    t.ok((await remoteOf(program).version()).libopus);
  },
);

t.test('a recorder that goes away ends its ffmpeg', async (t) => {
  const program = await started(t);
  const run = remoteOf(program).encode(planOf(t, 1_200_000), 60_000);
  await once(run.stdout, 'data');
  t.equal(runsOf(program).length, 1);
  run.kill();
  await t.rejects(run.done, { code: 'encode_failed', detail: /stopped/ });
  await until('ffmpeg to be gone', () => runsOf(program).length === 0);
});

t.test('an ffmpeg that hangs is killed, and one that is missing is named', async (t) => {
  const program = await started(t, 'exec sleep 600');
  const run = remoteOf(program).encode(planOf(t, 1_000), 1_500);
  await t.rejects(run.done, { code: 'encode_failed', detail: /hung and was killed after 2 s/ });
  await until('it to be gone', () => runsOf(program).length === 0);
  const missing = createEncoderProgram({ ffmpeg: '/nowhere/ffmpeg' });
  t.teardown(missing.stop);
  await missing.start();
  await t.rejects(remoteOf(missing).version(), { code: 'ffmpeg_missing' });
  await t.rejects(remoteOf(missing).encode(planOf(t, 1_000), 5_000).done, { code: 'ffmpeg_missing' });
});

t.test(
  'what an ffmpeg says that was taken over is cleaned and capped, and what it gives is bounded',
  async (t) => {
    const words = await started(
      t,
      `printf '\\033[31mred\\a\\n%3000s\\n' x >&2; printf '\\033]0;title\\a' >&2; exit 1`,
    );
    const error = await remoteOf(words)
      .decode(Readable.from([]), 8000, 10_000)
      .done.then(
        () => null,
        (e) => e,
      );
    t.equal(error.code, 'encode_failed');
    t.notMatch(error.detail, /[\p{Cc}]/u, 'no sequence that a terminal acts on');
    t.ok(error.detail.length <= 700, `${error.detail.length} characters`);

    const plan = planOf(t, 5_000);
    const sink = async (ogg: AsyncIterable<Uint8Array>) => {
      let bytes = 0;
      for await (const chunk of ogg) bytes += chunk.length;
      return bytes;
    };
    const real = 'real=$(command -v ffmpeg); case "$*" in *mapping_family*) encodes=1;; esac';
    for (const [script, expected] of [
      [
        'if [ $encodes ]; then "$real" "$@"; exec cat /dev/zero; fi; exec "$real" "$@"',
        { code: 'encode_failed', detail: /more than \d+ bytes|is no recording/ },
      ],
      [
        'set -- -v error -f lavfi -i anullsrc=r=8000 -t 90 -c:a libopus -mapping_family 255 -f ogg -; exec "$real" "$@"',
        { code: 'encode_short', detail: /More than 5300 ms/ },
      ],
      [
        '[ ! $encodes ] || exec head -c 100000 /dev/urandom; exec "$real" "$@"',
        { code: 'encode_failed', detail: /not begin as Ogg Opus/ },
      ],
    ] as const) {
      const program = await started(t, `${real}; ${script}`);
      const encoder = createEncoder({ ffmpeg: remoteOf(program), limit: () => 20_000 });
      await t.rejects(encoder.encode(plan, sink), expected, script);
      await until('its ffmpeg to be gone', () => runsOf(program).length === 0);
    }
  },
);

t.test('audio that is none, and hostile files, fail one run and leave the encoder', async (t) => {
  const program = await started(t);
  const remote = remoteOf(program);
  await t.rejects(remote.decode(Readable.from([randomBytes(100_000)]), 8000, 10_000).done, {
    code: 'encode_failed',
  });
  // A playlist that names files, which another reader of ffmpeg's would open.
  const list = Buffer.from(
    'ffconcat version 1.0\nfile /etc/passwd\n#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n',
  );
  await t.rejects(remote.decode(Readable.from([list]), 8000, 10_000).done, { code: 'encode_failed' });
  const plan = planOf(t, 1_000);
  for (const bytes of [randomBytes(50_000), list, wav(8000, 1_000, []).subarray(0, 30)]) {
    writeFileSync(plan.inputs[0]!, bytes);
    await t.rejects(remote.encode(plan, 10_000).done, { code: 'encode_failed' });
  }
  t.ok((await remote.version()).libopus);
});

/** A connection that sends what it likes, and what comes back on it. */
async function raw(program: EncoderProgram): Promise<{ socket: Socket; said: Promise<string> }> {
  const socket = connect(program.socket);
  await once(socket, 'connect');
  socket.on('error', () => {});
  return {
    socket,
    said: new Promise((resolve) => {
      let text = '';
      socket.on('data', (data) => {
        text += data.toString('latin1');
      });
      socket.on('close', () => resolve(text));
    }),
  };
}
const order = (value: unknown) =>
  frame('order', Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

t.test('the encoder takes kinds and numbers, and no argument, path or descriptor', async (t) => {
  const program = await started(t);
  const good = { kind: 'decode', limitMs: 5_000, rate: 8000 };
  const encode = {
    ...{ kind: 'encode', limitMs: 5_000, segments: [], tags: { title: '', date: '', callId: '' } },
    ...{ bitrate: 24_000, complexity: 5 },
  };
  const side = { ms: 1_000, lost: [] };
  const segment = { offsetMs: 0, rate: 8000, in: side, out: null };
  for (const bad of [
    'no JSON',
    { kind: 'run' },
    { ...good, options: ['-f', 'null'] },
    { ...good, rate: '8000 -f null' },
    { ...good, limitMs: 1e12 },
    { ...encode, filter: 'anull' },
    { ...encode, inputs: ['/etc/passwd'] },
    { ...encode, bitrate: '24k' },
    { ...encode, segments: [{ ...segment, in: '/proc/self/fd/3' }] },
    { ...encode, segments: [{ ...segment, in: { ...side, ms: -1 } }] },
    { ...encode, segments: [{ ...segment, inFile: '/etc/passwd' }] },
    { ...encode, segments: Array(1_001).fill(segment) },
  ]) {
    const { socket, said } = await raw(program);
    socket.write(order(bad));
    t.match(await said, /request_invalid/, JSON.stringify(bad).slice(0, 80));
  }
  for (const [what, bytes] of [
    ['a kind of the encoder', frame('done')],
    ['an unknown kind', Buffer.alloc(8, 9)],
    ['an order of 4 GB', Buffer.from('00010000ffffffff', 'hex')],
    ['two orders', Buffer.concat([order(good), order(good)])],
    ['an input that is not there', Buffer.concat([order(good), frame('input', Buffer.alloc(9), 7)])],
    ['an input before the order', frame('input', Buffer.alloc(9))],
    [
      'more of an input than was asked for',
      Buffer.concat([order(good), ...Array(9).fill(frame('input', Buffer.alloc(65_536)))]),
    ],
  ] as const) {
    const { socket, said } = await raw(program);
    socket.write(bytes);
    t.match(await said, /request_invalid|internal/, what);
  }
  await until('every ffmpeg to be gone', () => runsOf(program).length === 0);
  t.ok((await remoteOf(program).version()).libopus, 'it goes on');
});

t.test(
  'clients that say nothing, stop reading or are too many are bounded, and others are served meanwhile',
  async (t) => {
    const program = await started(t);
    const remote = remoteOf(program);
    const rss = () =>
      Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${program.pid()}/status`, 'utf8'))![1]) / 1024;
    const before = rss();
    // Ten minutes to decode, of which nothing is read.
    const ogg = await buffer(remote.encode(planOf(t, 600_000), 600_000).stdout);
    const stalled = await raw(program);
    stalled.socket.pause();
    stalled.socket.write(order({ kind: 'decode', limitMs: 12_000, rate: 16_000 }));
    for (const at of [0, 60_000]) stalled.socket.write(frame('input', ogg.subarray(at, at + 60_000)));
    const silent = await Promise.all(Array.from({ length: 76 }, () => raw(program)));
    let refused = 0;
    for (const { socket, said } of silent.slice(0, 66)) {
      socket.write(order({ kind: 'decode', limitMs: 60_000, rate: 8000 }));
      void said.then((text) => (refused += Number(/ runs of ffmpeg under way/.test(text))));
    }
    await until('those beyond 60, with the stalled one, to be refused', () => refused === 7);
    t.ok(runsOf(program).length <= 60, `${runsOf(program).length} runs at once`);
    await until('the stalled run to be killed', () => /hung/.test(program.said()));
    t.ok(rss() - before < 150, `${Math.round(rss() - before)} MB more`);
    for (const { socket } of [...silent, stalled]) socket.destroy();
    await until('its runs to be gone', () => runsOf(program).length === 0);
    t.ok((await remote.version()).libopus);
    await (await raw(program)).said;
    t.pass('whoever orders nothing is let go');
  },
);

t.test('an encoder that was taken over is as little believed as ffmpeg', async (t) => {
  const dir = scratch(t);
  const answers: Record<string, Buffer> = {
    garbage: randomBytes(1000),
    'a long frame': Buffer.from('00110000ffffffff', 'hex'),
    'a kind of the recorder': frame('order', Buffer.from('{}')),
    'a want of an input that is not there': frame('want', Buffer.alloc(4), 9),
    'a fault of another kind': frame('fault', Buffer.from('{"code":"proof_needed","detail":["x"]}')),
    'a fault that is no JSON': frame('fault', Buffer.from('{')),
    'a fault with control characters': frame(
      'fault',
      Buffer.from('{"code":"encode_failed","detail":"\\u001b[31m"}'),
    ),
  };
  for (const [what, bytes] of Object.entries(answers)) {
    const path = join(dir, 's');
    const server = createServer((socket) => void socket.on('error', () => {}).write(bytes)).listen(path);
    await once(server, 'listening');
    const remote = createRemoteFfmpeg({ socket: path });
    const error = await remote.encode(planOf(t, 1_000), 3_000).done.catch((e) => e);
    t.equal(error?.code, 'encode_failed', what);
    t.notMatch(error?.detail, /\p{Cc}/u);
    await t.rejects(remote.version(), { code: 'encode_failed' }, what);
    server.close();
  }
});
