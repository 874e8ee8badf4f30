import { createG722Decoder, createG722Encoder } from './g722.js';

export type CodecName = 'ulaw' | 'alaw' | 'g722';

/** Frames are 20 ms: 160 samples of 8 kHz signed 16 bit on the linear side, 160 bytes on the wire. `upper` see Source. */
export type Encoder = (pcm: Int16Array, upper?: Int16Array) => Uint8Array;
export type Decoder = (payload: Uint8Array) => Int16Array;

type Codec = {
  payloadType: number;
  rtpmap: string;
  createEncoder: () => Encoder;
  createDecoder: () => Decoder;
};

/** ITU-T G.711, mu-law: one linear sample to one byte. */
export const linearToUlaw = (sample: number): number => {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + 132;
  const exponent = 31 - Math.clz32(magnitude) - 7;
  const mantissa = (magnitude >> (exponent + 3)) & 15;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
};

/** ITU-T G.711, mu-law: one byte to one linear sample. */
export const ulawToLinear = (byte: number): number => {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return bits & 0x80 ? -magnitude : magnitude;
};

/** ITU-T G.711, A-law: one linear sample to one byte. */
export const linearToAlaw = (sample: number): number => {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = Math.min(sample < 0 ? ~sample : sample, 32_767);
  const exponent = magnitude < 256 ? 0 : 31 - Math.clz32(magnitude) - 7;
  const mantissa = (magnitude >> (exponent === 0 ? 4 : exponent + 3)) & 15;
  return (sign | (exponent << 4) | mantissa) ^ 0x55;
};

/** ITU-T G.711, A-law: one byte to one linear sample. */
export const alawToLinear = (byte: number): number => {
  const bits = byte ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const base = ((bits & 15) << 4) + 8;
  const magnitude = exponent === 0 ? base : (base + 256) << (exponent - 1);
  return bits & 0x80 ? magnitude : -magnitude;
};

const sampleBySample = (
  payloadType: number,
  rtpmap: string,
  encode: (sample: number) => number,
  decode: (byte: number) => number,
): Codec => {
  const linear = Int16Array.from({ length: 256 }, (_, byte) => decode(byte));
  // By the sample's 16 bits: a phone does nothing more often than this.
  const coded = Uint8Array.from({ length: 65_536 }, (_, bits) => encode((bits << 16) >> 16));
  return {
    payloadType,
    rtpmap,
    createEncoder: () => (pcm) => {
      const payload = new Uint8Array(pcm.length);
      for (let i = 0; i < pcm.length; i++) payload[i] = coded[pcm[i]! & 0xffff]!;
      return payload;
    },
    createDecoder: () => (payload) => {
      const pcm = new Int16Array(payload.length);
      for (let i = 0; i < payload.length; i++) pcm[i] = linear[payload[i]!]!;
      return pcm;
    },
  };
};

export const CODECS: Record<CodecName, Codec> = {
  ulaw: sampleBySample(0, 'PCMU/8000', linearToUlaw, ulawToLinear),
  alaw: sampleBySample(8, 'PCMA/8000', linearToAlaw, alawToLinear),
  // RFC 3551, 4.5.2: G.722 is sampled at 16 kHz, and its RTP clock is 8000 by an old mistake.
  g722: {
    payloadType: 9,
    rtpmap: 'G722/8000',
    createEncoder: createG722Encoder,
    createDecoder: createG722Decoder,
  },
};
