// Speaks prompts/texts.json: for each text a file of 16 kHz (.wav16, as Asterisk calls it) and one of 8 kHz (.wav), both mono with
// 16 bits. A key that callers press is a file of its own, which follows the sentence that ends in "press". What is offered to be typed is not spoken here.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LOUDNESS = -16;
/** Peaks stay below, in dBFS. */
const CEILING = -1.5;
const WORDS_PER_MINUTE = '150';
/** As Connecticut's tones customarily are. */
const BEEP = 'sine=frequency=1400:duration=0.2:sample_rate=16000';
const NAMES = { '*': 'star', '#': 'hash' };

const folder = process.argv[2] ?? 'prompts';
const texts = JSON.parse(readFileSync(join(folder, 'texts.json'), 'utf8'));
const work = mkdtempSync(join(tmpdir(), 'prompts-'));
const ffmpeg = (...args) => execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args]);

/** Returns the loudness of a file in LUFS. Shorter ones than a gate of the meter (0.4 s) are repeated. */
function loudness(file) {
  const args = [
    '-hide_banner',
    '-nostats',
    '-stream_loop',
    '9',
    '-i',
    file,
    '-af',
    'ebur128',
    '-f',
    'null',
    '-',
  ];
  const { stderr } = spawnSync('ffmpeg', args, { encoding: 'utf8' });
  return Number(/Integrated loudness:\s+I:\s+(-?[\d.]+) LUFS/.exec(stderr)[1]);
}

function write(input, filter, to) {
  for (const [rate, ending] of [
    ['16000', 'wav16'],
    ['8000', 'wav'],
  ]) {
    const out = ['-ac', '1', '-ar', rate, '-c:a', 'pcm_s16le', '-map_metadata', '-1', '-bitexact'];
    ffmpeg(...input, '-af', filter, ...out, '-f', 'wav', `${to}.${ending}`);
  }
}

function speak(voice, text, to) {
  const spoken = join(work, 'spoken.wav');
  const cut = join(work, 'cut.wav');
  execFileSync('espeak-ng', ['-v', voice, '-s', WORDS_PER_MINUTE, '-w', spoken, '--', text]);
  const silence = 'silenceremove=start_periods=1:start_threshold=-45dB';
  ffmpeg('-i', spoken, '-af', `${silence},areverse,${silence},areverse`, cut);
  const limit = `alimiter=limit=${10 ** (CEILING / 20)}:level=false`;
  // What the limiter takes is given again.
  let gain = LOUDNESS - loudness(cut);
  const louder = join(work, 'louder.wav');
  for (let turn = 0; turn < 4; turn++) {
    ffmpeg('-i', cut, '-af', `volume=${gain}dB,${limit}`, louder);
    gain += LOUDNESS - loudness(louder);
  }
  write(['-i', cut], `volume=${gain}dB,${limit},adelay=60,apad=pad_dur=0.14`, to);
}

try {
  write(
    ['-f', 'lavfi', '-i', BEEP],
    'volume=-3dB,afade=t=in:d=0.005,afade=t=out:st=0.195:d=0.005',
    join(folder, 'beep'),
  );
  for (const [language, { voice, keys, offered: _typed, ...sentences }] of Object.entries(texts)) {
    mkdirSync(join(folder, language, 'keys'), { recursive: true });
    for (const [kind, text] of Object.entries(sentences)) speak(voice, text, join(folder, language, kind));
    for (const [key, text] of Object.entries(keys))
      speak(voice, text, join(folder, language, 'keys', NAMES[key] ?? key));
  }
} finally {
  rmSync(work, { recursive: true });
}
