import t from 'tap';
import { readSoundFile } from '../../../daemon/domain/importing/sound-file.js';

/** A wav header as Asterisk writes it. */
function wav({ tag = 1, channels = 1, rate = 8_000, bits = 16, said = 0, extra = 0 } = {}): Buffer {
  const head = Buffer.alloc(44 + extra);
  head.write('RIFF', 0, 'latin1');
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16 + extra, 16);
  head.writeUInt16LE(tag, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt16LE(channels * (bits / 8), 32);
  head.writeUInt16LE(bits, 34);
  head.write('data', 36 + extra, 'latin1');
  head.writeUInt32LE(said, 40 + extra);
  return head;
}

t.test('a wav file says its codec, its sides and its length', async (t) => {
  t.match(readSoundFile('a.wav', wav({ said: 16_000 }), 44 + 16_000), {
    ...{ form: 'wav', name: 'wav', rate: 8_000, channels: 1, durationMs: 1_000 },
    ...{ ignoreLength: false, truncated: false, pcm: { from: 44, until: 16_044 } },
  });
  t.match(readSoundFile('a.wav', wav({ channels: 2, rate: 16_000, said: 64_000 }), 64_044), {
    channels: 2,
    durationMs: 1_000,
  });
  t.match(readSoundFile('a.WAV', wav({ tag: 0x31, said: 3_250, extra: 4 }), 48 + 3_250), {
    ...{ name: 'wav49', durationMs: 2_000, pcm: null },
  });
});

t.test('what a header says wrong does not count', async (t) => {
  for (const said of [0, 0xffff_ffff])
    t.match(readSoundFile('a.wav', wav({ said }), 44 + 16_000), {
      durationMs: 1_000,
      ignoreLength: true,
      truncated: false,
    });
  t.match(readSoundFile('a.wav', wav({ said: 32_000 }), 44 + 16_000), { durationMs: 1_000, truncated: true });
  // Chunks behind the audio are none of it.
  t.match(readSoundFile('a.wav', wav({ said: 16_000 }), 44 + 16_500), {
    durationMs: 1_000,
    ignoreLength: false,
  });
});

t.test('formats without a header are told by their ending and their size', async (t) => {
  const noise = Buffer.alloc(64, 0x55);
  const of = (name: string, size: number) => readSoundFile(name, noise, size);
  t.match(of('a.gsm', 3_300), { form: 'gsm', durationMs: 2_000 });
  t.match(of('a.ulaw', 8_000), { form: 'ulaw', durationMs: 1_000, rate: 8_000 });
  t.match(of('a.alaw', 8_000), { form: 'alaw', durationMs: 1_000 });
  t.match(of('a.sln', 16_000), { form: 'sln', rate: 8_000, durationMs: 1_000 });
  t.match(of('a.sln16', 32_000), { form: 'sln', rate: 16_000, durationMs: 1_000 });
  t.match(of('a.g729', 1_000), { form: 'g729', durationMs: 1_000 });
  t.match(readSoundFile('a.wav', Buffer.from('OggS\0\0'), 500), { form: 'ogg', durationMs: null });
  t.match(readSoundFile('a.mp3', Buffer.from('ID3\x03'), 500), { form: 'mp3' });
});

t.test('what holds no audio is told by what it is', async (t) => {
  t.equal(readSoundFile('a.wav', Buffer.alloc(0), 0), 'empty');
  t.equal(readSoundFile('a.wav', wav(), 44), 'header_only');
  t.equal(readSoundFile('a.wav', wav().subarray(0, 30), 30), 'header_only');
  t.equal(readSoundFile('a.wav', Buffer.from('<html>'), 6), 'no_audio');
  t.equal(readSoundFile('a.wav', wav({ tag: 0x1234, said: 100 }), 144), 'unknown_codec');
  t.equal(readSoundFile('a.wav', wav({ channels: 6, said: 96 }), 140), 'many_channels');
  t.equal(readSoundFile('a.gsm', Buffer.alloc(10), 10), 'header_only');
});

t.test('no header crashes the reader', async (t) => {
  const head = wav({ said: 0xffff_fff0, extra: 4 });
  for (let at = 0; at < head.length; at++)
    for (const value of [0, 1, 0x7f, 0xff]) {
      const bytes = Buffer.from(head);
      bytes[at] = value;
      t.doesNotThrow(() => readSoundFile('a.wav', bytes, 100));
      t.doesNotThrow(() => readSoundFile('a.wav', bytes.subarray(0, at), at));
    }
});
