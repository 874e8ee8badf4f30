import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a phone says: each call of `frame` gives the next 20 ms, 160 samples of 8 kHz signed 16 bit. */
export type Source = {
  frame: () => Int16Array;
  /**
   * The next 20 ms of what lies above 4 kHz, as G.722 has it: 8 kHz samples of that band, in which f stands for
   * 8000 - f Hz. Only a wideband call carries it.
   */
  upper?: () => Int16Array;
  /** true once it has said everything; a source without an end never is */
  finished: () => boolean;
};

const FRAME = 160;
const RATE = 8000;

/** Digital silence: packets are sent all the same. */
export const silence = (): Source => ({ frame: () => new Int16Array(FRAME), finished: () => false });

/** Where in one period a tone of whole Hz can be is a second's worth at most, which is reckoned once for all phones. */
const periods = new Map<string, Int16Array>();

const periodOf = (hz: number, amplitude: number): Int16Array => {
  const key = `${hz} ${amplitude}`;
  let period = periods.get(key);
  if (!period) {
    period = new Int16Array(RATE).map((_, n) =>
      Math.round(amplitude * Math.sin((2 * Math.PI * hz * n) / RATE)),
    );
    periods.set(key, period);
  }
  return period;
};

/** A sine of `hz`, a whole number; `amplitude` of 32767. */
export const tone = (hz: number, { amplitude = 8000 } = {}): Source => {
  if (!Number.isInteger(hz)) throw new Error(`a tone of ${hz} Hz does not begin anew after a second`);
  const period = periodOf(hz, amplitude);
  let at = 0;
  return {
    frame: () => {
      const frame = period.subarray(at, at + FRAME);
      at = (at + FRAME) % RATE;
      return frame;
    },
    finished: () => false,
  };
};

/** A voice of two tones, one below 4 kHz and a softer one above it. */
export const wideTone = (low: number, high: number): Source => ({
  ...tone(low),
  upper: tone(8000 - high, { amplitude: 2500 }).frame,
});

/** Linear samples (8 kHz); then silence, or from the beginning again with `loop`. */
export const pcmSource = (pcm: Int16Array, { loop = false } = {}): Source => {
  let at = 0;
  return {
    frame: () => {
      const frame = new Int16Array(FRAME);
      for (let i = 0; i < FRAME; i++) {
        if (at >= pcm.length && loop) at = 0;
        frame[i] = pcm[at++] ?? 0;
      }
      return frame;
    },
    finished: () => !loop && at >= pcm.length,
  };
};

/** Reads the samples of an 8 kHz mono 16-bit wav file, such as Asterisk's prompts. Throws on any other. */
export const readPrompt = (file: string): Int16Array => {
  const bytes = readFileSync(file);
  let at = 12;
  while (at + 8 <= bytes.length) {
    const id = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    if (id === 'fmt ') {
      const channels = bytes.readUInt16LE(at + 10);
      const rate = bytes.readUInt32LE(at + 12);
      const bits = bytes.readUInt16LE(at + 22);
      if (channels !== 1 || rate !== RATE || bits !== 16)
        throw new Error(`${basename(file)}: not 8 kHz mono 16 bit`);
    }
    if (id === 'data') {
      const count = Math.min(length, bytes.length - at - 8) >> 1;
      return new Int16Array(new Uint8Array(bytes.subarray(at + 8, at + 8 + count * 2)).buffer);
    }
    at += 8 + length + (length & 1);
  }
  throw new Error(`${basename(file)}: no data chunk`);
};

/** Speech from an 8 kHz mono 16-bit wav file. */
export const wavSource = (file: string, options: { loop?: boolean } = {}): Source =>
  pcmSource(readPrompt(file), options);

/** A stretch of `source`, `seconds` long. */
export const lasting = (seconds: number, source: Source): Source => {
  let left = Math.round((seconds * RATE) / FRAME);
  return {
    frame: () => {
      left--;
      return source.frame();
    },
    finished: () => left <= 0,
  };
};

/** One after the other, each until it has finished; silence after the last. */
export const sequence = (parts: Source[]): Source => {
  const waiting = [...parts];
  const skip = (): void => {
    while (waiting[0]?.finished()) waiting.shift();
  };
  return {
    frame: () => {
      skip();
      return waiting[0]?.frame() ?? new Int16Array(FRAME);
    },
    finished: () => {
      skip();
      return waiting.length === 0;
    },
  };
};

/** The samples of one of Asterisk's spoken prompts, also where no Asterisk runs. Throws when none was fetched. */
export const spokenPrompt = (name: string): Int16Array => {
  const file = fileURLToPath(
    new URL(`../../../.pbx/root-22/usr/share/asterisk/sounds/en_US_f_Allison/${name}.wav`, import.meta.url),
  );
  if (!existsSync(file)) throw new Error(`${name} is not there: scripts/pbx get --version 22`);
  return readPrompt(file);
};
