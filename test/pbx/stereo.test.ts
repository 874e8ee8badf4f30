import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Command } from 'commander';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { pino } from 'pino';
import t from 'tap';
import { createCheckpoints } from '../../daemon/assurance/checkpoint.js';
import { createCliContext } from '../../daemon/cli/common/context.js';
import { evidence } from '../../daemon/cli/evidence.js';
import { exportCall } from '../../daemon/cli/export.js';
import { verify } from '../../daemon/cli/verify.js';
import { checkpointFile } from '../../daemon/domain/paths.js';
import { buildManifest } from '../../daemon/domain/recording/manifest.js';
import { stamp } from '../../daemon/domain/recording/ogg.js';
import { layoutOf } from '../../daemon/domain/recording/opus-head.js';
import { createEncoder } from '../../daemon/encode/encoder.js';
import { createFfmpeg } from '../../daemon/encode/ffmpeg.js';
import { opusPlan } from '../../daemon/encode/opus.js';
import { withSides } from '../../daemon/encode/sides.js';
import { appendCheckpoint, readCheckpoints } from '../../daemon/vault/checkpoint-file.js';
import { signManifest } from '../../daemon/vault/manifest.js';
import { signerOf, signNote } from '../../daemon/vault/note.js';
import { createSigningKey, publicKeys } from '../../daemon/vault/signing-key.js';
import { check } from '../../web/ui/verify/check.js';
import { nothingTold } from '../support/recordings/a-call.js';
import { channelsOf } from '../support/recordings/audio.js';
import { speechLeak, speechOf, toneLeak, toneOf, tonesOf } from '../support/recordings/crosstalk.js';
import {
  apartOf,
  bodyOf,
  coupledOf,
  DECODERS,
  heardBy,
  opusOf,
  pagesOf,
} from '../support/recordings/opus.js';
import { wavOf } from '../support/recordings/preserve-lab.js';
import { addRecording, get, openDashboard, START, setUp, signInAs } from '../support/web/dashboard.js';

const dir = t.testdir({});
const encoder = createEncoder({ ffmpeg: createFfmpeg() });
const tags = { title: 'Call', date: '2026-11-01', callId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };

function planOf(them: Int16Array, us: Int16Array, rate: number, bitrate = 24_000, complexity = 5) {
  const [inFile, outFile] = [join(dir, 'in.wav'), join(dir, 'out.wav')];
  writeFileSync(inFile, wavOf(them, rate));
  writeFileSync(outFile, wavOf(us, rate));
  const ms = (samples: Int16Array) => (samples.length * 1000) / rate;
  const segment = { offsetMs: 0, inFile, outFile, rate, inMs: ms(them), outMs: ms(us) };
  return opusPlan({ segments: [segment], tags, bitrate, complexity });
}

async function recorded(plan: ReturnType<typeof planOf>): Promise<Buffer> {
  const { written } = await encoder.encode(plan, async (ogg) => {
    const parts: Uint8Array[] = [];
    for await (const part of ogg) parts.push(part);
    return Buffer.concat(parts);
  });
  return written;
}

const SECONDS = 8;
/** As the recorder hears it. */
async function heard(ogg: Buffer, rate: number): Promise<Float32Array[]> {
  const run = createFfmpeg().decode(Readable.from([ogg]), rate);
  const pcm = await buffer(run.stdout);
  await run.done;
  return channelsOf(pcm, 2, pcm.length / 4);
}
const same = (a: Float32Array, b: Float32Array) => a.every((sample, n) => sample === b[n]);
const isSilent = (samples: Float32Array) => samples.every((sample) => Math.abs(sample) <= 1 / 32_768);

t.test('neither side is heard on the other', async (t) => {
  for (const rate of [8000, 16_000] as const)
    for (const [bitrate, complexity] of [
      [24_000, 5],
      [20_000, 0],
      [64_000, 10],
    ] as const) {
      const what = `${rate} Hz, ${bitrate / 1000} kbit/s, complexity ${complexity}`;
      const record = async (them: Int16Array, us: Int16Array) =>
        heard(await recorded(planOf(them, us, rate, bitrate, complexity)), rate);
      const [tone, other] = tonesOf(SECONDS, rate) as [Int16Array, Int16Array];
      const tones = toneLeak(await record(tone, other), rate);
      t.ok(tones <= -40, `${what}: two tones, ${tones.toFixed(0)} dB`);
      const speech = speechOf(SECONDS, rate);
      const silence = new Int16Array(speech.length);
      const both = await record(tone, speech);
      const { toneDb, speechDb } = speechLeak(both, rate);
      t.ok(toneDb <= -40, `${what}: a tone beside speech, ${toneDb.toFixed(0)} dB`);
      t.ok(speechDb <= -40, `${what}: speech beside a tone, ${speechDb.toFixed(0)} dB`);
      const [left, right] = [await record(tone, silence), await record(silence, speech)];
      t.ok(same(both[0]!, left[0]!), `${what}: the left sounds the same whatever is on the right`);
      t.ok(same(both[1]!, right[1]!), `${what}: the right sounds the same whatever is on the left`);
      t.ok(isSilent(left[1]!) && isSilent(right[0]!), `${what}: a side with no sound is silent`);
    }
});

t.test('the head says left and right, and is all that differs from what ffmpeg writes', async (t) => {
  const ogg = await recorded(planOf(toneOf(2, 8000), speechOf(2, 8000), 8000));
  const [page, ...rest] = pagesOf(ogg);
  const head = bodyOf(page!);
  t.equal(layoutOf(head), 'apart');
  t.same(
    [...head.subarray(18)],
    [1, 2, 0, 0, 1],
    'RFC 7845, 5.1.1: family 1, two streams, none coupled, left, right',
  );
  const stamped = Buffer.from(page!);
  stamp(stamped);
  t.ok(stamped.equals(page!), 'its checksum is right');
  t.equal(ogg.readUInt32LE(ogg.indexOf('OpusHead') + 12), 8000, 'the rate that went in');
  t.ok(rest.length > 1);
  const file = join(dir, 'head.opus');
  writeFileSync(file, ogg);
  const info = execFileSync('opusinfo', [file], { encoding: 'utf8' });
  t.match(info, /Channels: 2/);
  t.match(info, /Streams: 2/i);
  t.notMatch(info, /WARNING|ERROR/);
});

t.test('however the first page arrives, it comes out whole and the rest as it was', async (t) => {
  const raw = opusOf(2, 8000, '-mapping_family', '255', '-application', 'voip', '-b:a', '24k');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 40 }), async (cuts) => {
      const parts: Buffer[] = [];
      let at = 0;
      for (const cut of cuts) {
        parts.push(raw.subarray(at, at + cut));
        at += cut;
      }
      parts.push(raw.subarray(at));
      const out: Buffer[] = [];
      for await (const part of withSides(Readable.from(parts.map((part) => Buffer.from(part)))))
        out.push(part);
      const whole = Buffer.concat(out);
      t.equal(layoutOf(bodyOf(pagesOf(whole)[0]!)), 'apart');
      const first = pagesOf(raw)[0]!.length;
      t.ok(whole.subarray(first).equals(raw.subarray(first)));
    }),
    { numRuns: 50 },
  );
});

t.test('what ffmpeg does not begin as it should is not sealed', async (t) => {
  const whole = async (ogg: Buffer) => {
    for await (const _ of withSides(Readable.from([ogg])));
  };
  const good = opusOf(1, 8000, '-mapping_family', '255', '-b:a', '24k');
  await t.resolves(whole(Buffer.from(good)));
  for (const [what, ogg] of [
    ['coupled', coupledOf(1, 8000)],
    ['mono', opusOf(1, 8000, '-ac', '1', '-mapping_family', '255')],
    ['three channels', opusOf(1, 8000, '-ac', '3', '-mapping_family', '255')],
    ['no Ogg', Buffer.alloc(400, 7)],
    ['cut off', good.subarray(0, 40)],
    ['nothing', Buffer.alloc(0)],
  ] as const)
    await t.rejects(whole(Buffer.from(ogg)), { code: 'encode_failed' }, what);
  const plan = planOf(toneOf(2, 8000), speechOf(2, 8000), 8000);
  const coupled = plan.outputOptions.filter((option) => !/^(-mapping_family|255)$/.test(option));
  await t.rejects(recorded({ ...plan, outputOptions: coupled }), { code: 'encode_failed' });
});

t.test('a recording of the version before plays, is silenced, verified and exported as before', async (t) => {
  const d = await openDashboard(t);
  const founder = await setUp(d);
  const made = [
    { bytes: coupledOf(6, 8000), as: 'coupled, 8 kHz' },
    { bytes: coupledOf(6, 16_000), as: 'coupled, 16 kHz' },
    { bytes: apartOf(6, 8000, '-application', 'voip', '-b:a', '24k'), as: 'a stream for each side' },
  ];
  const answeredAt = START - 600_000;
  const leg = (number: string, ours: boolean, until: number) => ({
    ...{ id: number, endpoint: number, seenAt: answeredAt, upAt: answeredAt, goneAt: answeredAt + until },
    party: { number, name: '', ours },
  });
  await d.catalogue.people.add({
    ...{ id: 'agent', name: 'agent', roles: ['agent'], extensions: ['101'], grants: [] },
    ...{ passwordHash: '', createdAt: 1, scope: { all: false, extensions: [], queues: [], dids: [] } },
  });
  const agent = await signInAs(d, 'agent');
  const key = createSigningKey(d.dataDir, d.masterKey);
  const home = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'master.key'), d.masterKey.toString('base64'), { mode: 0o600 });
  writeFileSync(
    join(home, 'tapedeck.toml'),
    `[data]\ndir = ${JSON.stringify(d.dataDir)}\n[keys]\nmaster_key_file = "master.key"\n`,
  );
  const context = createCliContext(() => join(home, 'tapedeck.toml'));
  t.teardown(() => context.close());
  const checkpoints = createCheckpoints({
    catalogue: d.catalogue,
    sign: (checkpoint) => signNote(key, checkpoint),
    ours: (note) => signerOf(note, publicKeys(d.dataDir)) !== null,
    beforeSigning: async () => {},
    file: {
      read: () => readCheckpoints(checkpointFile(d.dataDir)),
      append: (note) => appendCheckpoint(checkpointFile(d.dataDir), note),
    },
    head: { read: async () => '', write: async () => {} },
    tell: () => {},
    alarms: { raise: () => {}, clear: () => {} },
    clock: () => Date.now(),
    ...{ everyMs: 3_600_000, wordsMs: 1e9, log: pino({ level: 'silent' }) },
  });
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const run = async (...args: string[]) => {
    said.length = 0;
    const program = new Command('tapedeck').exitOverride();
    for (const command of [exportCall, verify, evidence])
      command(program, { ...context, out: say, err: say });
    await program.parseAsync(args, { from: 'user' });
  };
  for (const { bytes, as } of made) {
    const { call, recording } = await addRecording(d, bytes, {
      call: {
        ...{ startedAt: answeredAt - 5000, answeredAt, endedAt: answeredAt + 6000 },
        legs: [leg('+49', false, 6000), leg('101', true, 3000)],
      },
      recording: { durationMs: 6000 },
    });
    const manifest = buildManifest({
      ...{
        call,
        recording,
        coverage: call.coverage,
        segments: [],
        decision: null,
        told: nothingTold,
        policyVersion: 1,
        sealedFor: null,
      },
      ...{ version: '0.1.0', madeAt: recording.sealedAt, later: false },
    });
    await d.catalogue.seals.addManifest(signManifest(manifest, key));
    const url = `/calls/${call.id}/audio`;
    t.ok((await get(d.app, url, founder)).rawPayload.equals(bytes), `${as}: plays`);
    const range = await get(d.app, url, founder, { range: 'bytes=3000-3999' });
    t.ok(range.rawPayload.equals(bytes.subarray(3000, 4000)), `${as}: in ranges`);
    const part = (await get(d.app, url, agent)).rawPayload;
    t.equal(part.length, bytes.length);
    for (const decoder of DECODERS) {
      const { channels } = heardBy(decoder, part);
      t.ok(
        channels.every((side) => isSilent(side.subarray(48 * 3100))),
        `${as}, ${decoder}: silent in part`,
      );
      t.ok(
        channels.every((side) => !isSilent(side.subarray(0, 48 * 2900))),
        `${as}, ${decoder}: not all of it`,
      );
    }
    await run('verify', call.id);
    t.match(said.join('\n'), /as it was signed|no fault|as sealed/i, `${as}: ${said.join(' ')}`);
    const out = join(home, `${call.id}.opus`);
    await run('export', call.id, '-o', out);
    t.ok(readFileSync(out).equals(bytes), `${as}: exported`);
    await checkpoints.sign();
    await run('evidence', call.id, '--out', join(home, `${call.id}.zip`));
    const pack = unzipSync(readFileSync(join(home, `${call.id}.zip`)));
    t.ok(Buffer.from(pack['recording.opus']!).equals(bytes), `${as}: in an evidence pack`);
    t.same(
      (await check(readFileSync(join(home, `${call.id}.zip`)), () => {})).faults,
      [],
      `${as}: which is whole`,
    );
  }
});
