import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import t from 'tap';
import { promptFile } from '../../../daemon/domain/paths.js';
import {
  LONGEST_PROMPT_MS,
  PROMPT_KINDS,
  SHORTEST_PROMPT_MS,
} from '../../../daemon/domain/telling/prompt.js';
import { LANGUAGES } from '../../../daemon/domain/telling/schema.js';
import { createRemoteFfmpeg } from '../../../daemon/encode/apart/remote.js';
import { createFfmpeg } from '../../../daemon/encode/ffmpeg.js';
import { createPromptMaker } from '../../../daemon/encode/prompt.js';
import { readWavHeader } from '../../../daemon/encode/wav.js';
import { openDataFolder } from '../../../daemon/vault/data-folder.js';
import { createOwnPrompts, createPromptFiles } from '../../../daemon/vault/prompts.js';
import { createEncoderProgram } from '../../support/encoder.js';
import { scratch } from '../../support/recordings/sealed.js';

const own = createOwnPrompts(join(import.meta.dirname, '../../../prompts'));
const { make, speak } = createPromptMaker({ ffmpeg: createFfmpeg() });
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The loudness of a file in LUFS, as ffmpeg's meter has it. */
function loudness(file: string): number {
  const args = ['-hide_banner', '-nostats', '-i', file, '-af', 'ebur128', '-f', 'null', '-'];
  const { stderr } = spawnSync('ffmpeg', args, { encoding: 'utf8' });
  return Number(/Integrated loudness:\s+I:\s+(-?[\d.]+) LUFS/.exec(stderr)![1]);
}
const ffmpeg = (...args: string[]) =>
  execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args], { stdio: 'pipe' });

t.test('Tapedeck comes with a prompt of each kind in each language, for every key', async (t) => {
  const seen = new Set<string>();
  const dir = scratch(t);
  for (const language of LANGUAGES)
    for (const kind of PROMPT_KINDS)
      for (const key of kind === 'announce' ? ['9'] : '0123456789*#') {
        const prompt = own.of(kind, language, key);
        t.equal(prompt.hash, sha256(prompt.files.wav16));
        t.ok(prompt.durationMs > SHORTEST_PROMPT_MS && prompt.durationMs < LONGEST_PROMPT_MS, prompt.text);
        t.match(prompt.text, /^[¿A-ZD].{20,}\.$/u);
        seen.add(prompt.hash);
        for (const [ending, rate] of [
          ['wav16', 16_000],
          ['wav', 8_000],
        ] as const) {
          const file = join(dir, `x.${ending}`);
          writeFileSync(file, prompt.files[ending]);
          const header = await readWavHeader(file);
          t.match(header, { rate, channels: 1, bits: 16, headerLies: false });
          t.ok(Math.abs(header.durationMs - prompt.durationMs) < 3);
        }
      }
  t.equal(seen.size, LANGUAGES.length * (1 + 12 + 12), 'each is another');
  t.equal(own.beep().durationMs, 200);
  t.same(own.of('announce', 'en', '9').hash, own.of('announce', 'en', '1').hash, 'it names no key');
});

t.test('the prompts that Tapedeck comes with are as loud as those that are uploaded', async (t) => {
  const dir = scratch(t);
  for (const language of LANGUAGES)
    for (const kind of PROMPT_KINDS)
      for (const ending of ['wav16', 'wav'] as const) {
        const file = join(dir, `x.${ending}`);
        writeFileSync(file, own.of(kind, language, '9').files[ending]);
        const heard = loudness(file);
        t.ok(Math.abs(heard + 16) < 1.5, `${language} ${kind} ${ending}: ${heard} LUFS`);
      }
});

t.test('an upload of any kind becomes a prompt at -16 LUFS in both rates', async (t) => {
  const dir = scratch(t);
  const spoken = join(dir, 'spoken.wav16');
  writeFileSync(spoken, own.of('announce_refusal', 'en', '9').files.wav16);
  for (const [ending, ...how] of [
    ['wav', '-ar', '44100', '-ac', '2'],
    ['mp3', '-b:a', '64k'],
    ['ogg', '-c:a', 'libopus'],
    ['flac'],
    ['au', '-ar', '8000', '-c:a', 'pcm_mulaw'],
  ] as [string, ...string[]][]) {
    const file = join(dir, `up.${ending}`);
    ffmpeg('-i', spoken, '-af', 'volume=-17dB', ...how, file);
    const made = await make(readFileSync(file));
    t.equal(made.hash, sha256(made.files.wav16), ending);
    t.ok(Math.abs(made.durationMs - own.of('announce_refusal', 'en', '9').durationMs) < 120, ending);
    for (const name of ['wav16', 'wav'] as const) {
      const out = join(dir, `made.${name}`);
      writeFileSync(out, made.files[name]);
      t.match(await readWavHeader(out), { rate: name === 'wav16' ? 16_000 : 8_000, channels: 1 });
      const heard = loudness(out);
      t.ok(Math.abs(heard + 16) < 2, `${ending} ${name}: ${heard} LUFS`);
    }
  }
});

t.test('words are spoken in each language, and become a prompt as an upload does', async (t) => {
  const dir = scratch(t);
  const heard = new Set<string>();
  for (const language of LANGUAGES) {
    const text = createOwnPrompts()
      .offered('announce_refusal', language, '9')
      .replaceAll(/\[[^\]]*\]/g, 'Muster');
    const made = await speak({ language, text });
    t.equal(made.hash, sha256(made.files.wav16), language);
    t.ok(made.durationMs > 2_500 && made.durationMs < 15_000, `${language}: ${made.durationMs} ms`);
    const file = join(dir, 'spoken.wav');
    writeFileSync(file, made.files.wav16);
    t.ok(Math.abs(loudness(file) + 16) < 2, `${language}: ${loudness(file)} LUFS`);
    t.equal(
      (await make(Buffer.from(made.files.wav16))).durationMs,
      made.durationMs,
      'what was heard is uploaded',
    );
    heard.add(made.hash);
  }
  t.equal(heard.size, LANGUAGES.length);
});

t.test(
  'whatever is to be spoken is spoken, and none of it is an argument, a file or a setting',
  async (t) => {
    const file = join(scratch(t), 'written.wav');
    const length = async (text: string) => (await speak({ language: 'en', text })).durationMs;
    const plain = await length('Hello');
    for (const text of [
      '-f /etc/passwd',
      `-w ${file}`,
      '--help',
      '<speak><audio src="/etc/passwd"/>Hello</speak>',
      '$(id)',
    ])
      t.ok((await length(text)) > 500, text);
    t.ok((await length('Hello. '.repeat(10))) > plain * 3);
    t.notOk(existsSync(file), 'nothing is written');
    await t.rejects(length('Seven hundred and seventy-seven. '.repeat(15)), {
      code: 'prompt_invalid',
      detail: /longer than 30/,
    });
    await t.rejects(length('.'), { code: 'prompt_invalid' });
  },
);

t.test('an espeak-ng that is missing, hangs, floods or fails is told', async (t) => {
  const dir = scratch(t);
  const by = (script: string) => {
    const espeak = join(dir, 'espeak-ng');
    writeFileSync(espeak, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return createFfmpeg({ espeak }).speech({ language: 'en', text: 'Hello' }, 2_000).done;
  };
  const missing = createPromptMaker({ ffmpeg: createFfmpeg({ espeak: join(dir, 'nowhere') }) });
  await t.rejects(missing.speak({ language: 'en', text: 'Hello' }), { code: 'speech_missing' });
  await t.rejects(by('exec sleep 60'), { code: 'encode_failed', detail: /too long/ });
  await t.rejects(by('exec cat /dev/zero'), { code: 'encode_failed', detail: /too long/ });
  await t.rejects(by("printf '\\033[31mNo voice' >&2; exit 1"), {
    code: 'encode_failed',
    detail: /^espeak-ng: [^\x1b]*No voice$/,
  });
});

t.test('the encoder has words spoken, which are nothing but words', async (t) => {
  const program = createEncoderProgram();
  t.teardown(program.stop);
  await program.start();
  const remote = createRemoteFfmpeg({ socket: program.socket });
  const spoken = await buffer(remote.speech({ language: 'de', text: '-w /tmp/x Guten Tag.' }, 20_000).stdout);
  t.equal(spoken.subarray(0, 4).toString(), 'RIFF');
  t.ok(spoken.length > 20_000, `${spoken.length} bytes`);
  for (const wrong of [
    { language: '../../x', text: 'Hello' },
    { language: 'de', text: 'x'.repeat(501) },
  ])
    await t.rejects(remote.speech(wrong as never, 5_000).done, {
      code: 'encode_failed',
      detail: /none that the encoder knows/,
    });
});

t.test('what is no prompt is refused, and no other file is opened for it', async (t) => {
  const dir = scratch(t);
  const tone = (name: string, seconds: string, volume = '0dB', ...how: string[]) => {
    const file = join(dir, name);
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      `sine=frequency=440:duration=${seconds}`,
      '-af',
      `volume=${volume}`,
      ...how,
      file,
    );
    return readFileSync(file);
  };
  const refused = async (upload: Buffer, detail: RegExp) =>
    t.rejects(make(upload), { code: 'prompt_invalid', detail });
  await refused(Buffer.from('This is no audio at all, whatever it is called.'), /not audio/);
  await refused(tone('short.wav', '0.3'), /lasts 0.3 s/);
  await refused(tone('long.ogg', '33'), /longer than 30/);
  await refused(tone('silent.wav', '2', '-120dB'), /silent/);
  await refused(tone('audio.mka', '2'), /not audio/);
  await refused(tone('other.wav', '2', '0dB', '-c:a', 'adpcm_yamaha'), /not audio/);
  await refused(Buffer.alloc(6_000_001), /6000001 bytes/);
  const good = join(dir, 'secret.wav');
  writeFileSync(good, own.of('announce', 'en', '9').files.wav16);
  await refused(Buffer.from(`ffconcat version 1.0\nfile '${good}'\n`), /not audio/);
  await refused(
    Buffer.from(`#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${good}\n#EXT-X-ENDLIST\n`),
    /not audio/,
  );
});

t.test('files are kept by their hash, and one that was changed is not played', async (t) => {
  const dir = scratch(t);
  t.teardown(openDataFolder(dir).release);
  const files = createPromptFiles(dir);
  const prompt = own.of('ask', 'de', '1');
  await files.keep(prompt);
  await files.keep(prompt);
  t.same(readdirSync(join(dir, 'prompts')).sort(), [`${prompt.hash}.wav`, `${prompt.hash}.wav16`]);
  t.ok(Buffer.from(prompt.files.wav).equals(await files.read(prompt.hash, 'wav')));
  await t.rejects(files.read('0'.repeat(64), 'wav'), { code: 'prompt_unknown' });
  writeFileSync(promptFile(dir, prompt.hash, 'wav16'), own.of('ask', 'en', '1').files.wav16);
  await t.rejects(files.read(prompt.hash, 'wav16'), { code: 'prompt_unknown' });
});
