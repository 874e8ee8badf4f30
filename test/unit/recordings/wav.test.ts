import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { PAGE_BYTES } from '../../../daemon/catalogue/sqlite/db.js';
import { purgeable } from '../../../daemon/catalogue/sqlite/purgeable.js';
import { decodePeaks, encodePeaks } from '../../../daemon/domain/recording/peaks.js';
import { createPeaks } from '../../../daemon/encode/peaks.js';
import { readWavHeader } from '../../../daemon/encode/wav.js';
import { wav, wavHead } from '../../support/recordings/wav.js';
import { runs } from '../../support/search/share-of-search.js';

const dir = t.testdir({});

let serial = 0;
function file(bytes: Uint8Array, name = `${serial++}.wav`): string {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  return path;
}

t.test('peaks are those of the samples, however they are cut', async (t) => {
  const rate = 8000;
  const pcm = Buffer.alloc(4 * (rate * 2 + 37));
  for (let n = 0; n < pcm.length / 4; n++) {
    pcm.writeInt16LE(n < rate ? 16_384 : 0, 4 * n);
    pcm.writeInt16LE(n === 5 ? -32_768 : 0, 4 * n + 2);
  }
  const whole = createPeaks({ rate });
  whole.write(pcm);
  const due = whole.result();
  t.match(due, {
    samples: 16_037,
    durationMs: 2004.625,
    perSecond: 50,
    left: { length: 101 },
    right: { length: 101 },
    rate,
  });
  t.strictSame([...due.left.subarray(0, 2), due.left[49], due.left[50]], [128, 128, 128, 0]);
  t.strictSame([...due.right.subarray(0, 2)], [255, 0]);
  t.equal(due.leftRms, Math.round(1000 * Math.log10(0.25 * (8000 / 16_037))) / 100);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9000 })), (cuts) => {
      const peaks = createPeaks({ rate });
      let at = 0;
      for (const cut of cuts) {
        peaks.write(pcm.subarray(at, at + cut));
        at += cut;
      }
      peaks.write(pcm.subarray(at));
      t.strictSame(peaks.result(), due);
    }),
    { numRuns: 30 },
  );
});

t.test('peaks of a long call stay few, and lose no peak', async (t) => {
  const rate = 8000;
  const second = Buffer.alloc(4 * rate);
  const peaks = createPeaks({ rate });
  for (let n = 0; n < 3600; n++) {
    second.writeInt16LE(n === 1800 ? 32_767 : 100, 4);
    peaks.write(second);
  }
  const { left, right, perSecond, durationMs, rightRms } = peaks.result();
  t.ok(left.length > 900 && left.length <= 1800 && right.length === left.length, `${left.length} points`);
  const most = { perSecond, durationMs, left: new Uint8Array(1800), right: new Uint8Array(1800) };
  t.ok(purgeable(encodePeaks(most)).data.length < PAGE_BYTES, 'one page of the catalogue is enough');
  t.equal(left.length, Math.ceil((durationMs / 1000) * perSecond));
  t.equal(left.indexOf(255), Math.floor(1800 * perSecond), 'the loud one is where it was');
  t.equal(rightRms, -120);
  t.match(createPeaks({ rate }).result(), { durationMs: 0, samples: 0, leftRms: -120, left: { length: 0 } });
});

t.test('peaks packed for the catalogue come back the same, and noise is refused', async (t) => {
  const peaks = createPeaks({ rate: 16_000 });
  peaks.write(randomBytes(700_001));
  const { perSecond, durationMs, left, right } = peaks.result();
  const packed = encodePeaks({ perSecond, durationMs, left, right });
  t.strictSame(decodePeaks(packed), { perSecond, durationMs: Math.floor(durationMs), left, right });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 16 }), (noise) => {
      t.equal(decodePeaks(noise), null);
    }),
  );
});

t.test('the header of a wav file tells its length, or the file does', async (t) => {
  const at = (bytes: Uint8Array) => readWavHeader(file(bytes, 'header.wav'));
  const plain = {
    rate: 8000,
    channels: 1,
    bits: 16,
    dataOffset: 44,
    dataBytes: 16_000,
    durationMs: 1000,
    headerLies: false,
  };
  t.strictSame(await at(wav(8000, 1000, [])), plain);
  for (const lengths of [0, 0xffffffff, 320, 99_999]) {
    t.strictSame(await at(wav(8000, 1000, [], lengths)), { ...plain, headerLies: true }, `length ${lengths}`);
  }
  t.match(
    await at(Buffer.concat([wav(8000, 1000, [], 0), Buffer.from([1])])),
    { dataBytes: 16_000 },
    'an odd byte',
  );
  const list = Buffer.from('LIST\x05\0\0\0INFOx\0', 'latin1');
  t.strictSame(await at(Buffer.concat([wav(8000, 1000, []), list])), plain, 'a chunk after the audio');
  const whole = wav(8000, 1000, []);
  const before = Buffer.concat([whole.subarray(0, 36), list, whole.subarray(36)]);
  t.strictSame(await at(before), { ...plain, dataOffset: 44 + list.length }, 'a chunk before it');
  t.match(await at(wavHead({})), { dataBytes: 0, durationMs: 0 }, 'no audio yet');
  t.match(await at(Buffer.concat([wavHead({ channels: 2 }), Buffer.alloc(1002)])), {
    dataBytes: 1000,
    durationMs: 32,
  });

  execFileSync('sox', ['-n', '-r', '16000', '-b', '24', join(dir, 'sox.wav'), 'synth', '1', 'sine', '440']);
  t.match(await readWavHeader(join(dir, 'sox.wav')), {
    rate: 16_000,
    bits: 24,
    durationMs: 1000,
    headerLies: false,
  });

  const unreadable = async (bytes: Uint8Array, detail: RegExp) =>
    t.rejects(at(bytes), { code: 'spool_unreadable', detail });
  await unreadable(Buffer.alloc(0), /it is empty/);
  await unreadable(Buffer.from('RIFF'), /cut in its header/);
  await unreadable(wavHead({}).subarray(0, 30), /cut in its header/);
  await unreadable(wavHead({}).subarray(0, 40), /cut in its header/);
  await unreadable(Buffer.from('ID3 this is something else'), /no wav file/);
  await unreadable(wavHead({ tag: 0x31 }), /format is 49, not PCM/);
  await unreadable(wavHead({ rate: 0 }), /at 0 Hz/);
  mkdirSync(join(dir, 'folder.wav'));
  await t.rejects(readWavHeader(join(dir, 'folder.wav')), { code: 'spool_unreadable', detail: /not a file/ });
  await t.rejects(readWavHeader(join(dir, 'none.wav')), { code: 'spool_unreadable', detail: /ENOENT/ });
});

t.test('a wav reader gives an answer for any bytes', async () => {
  const path = join(dir, 'any.wav');
  const answers = async (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    const got = await readWavHeader(path).catch((error) => error.code);
    if (typeof got === 'string') return got === 'spool_unreadable';
    return got.dataOffset + got.dataBytes <= bytes.length && Number.isSafeInteger(got.durationMs);
  };
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), answers), { numRuns: runs(300) });
  const good = readFileSync(file(wav(8000, 10, [])));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 }),
      fc.nat(good.length),
      (edits, length) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of edits) bytes[at] = value;
        return answers(bytes.subarray(0, length));
      },
    ),
    { numRuns: runs(600) },
  );
});
