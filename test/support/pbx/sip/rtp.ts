import { randomBytes, randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Source } from '../sources.js';
import { CODECS, type CodecName, type Decoder, type Encoder } from './codecs.js';

const FRAME = 160;
const FRAME_MS = 20;
const RATE = 8000;
const DIGITS = '0123456789*#ABCD';
/** A key is 5 growing event packets and 3 that say it has ended (RFC 4733, 2.5.1.4), then 100 ms of audio. */
const KEY_PACKETS = 8;
const KEY_LENGTH = 6;
const KEY_GAP = 5;
/** 100 ms: see `heard`. */
const REANCHOR_SAMPLES = 800;

export type RtpOptions = {
  /** the first packet's sequence number, 0 to 65535; random by default */
  firstSeq?: number;
  ssrc?: number;
};

type Received = { at: number; timestamp: number; ssrc: number; type: number; payload: Buffer };
type Key = { event: number; sent: number; timestamp: number; done: () => void };

/** One timer paces every stream: each catches up with the monotonic clock, so that none drifts however late the timer is. */
const streams = new Set<(now: number) => void>();
let timer: NodeJS.Timeout | undefined;
const pace = (tick: (now: number) => void): void => {
  streams.add(tick);
  timer ??= setInterval(() => {
    const now = performance.now();
    for (const each of streams) each(now);
  }, 5);
};
const unpace = (tick: (now: number) => void): void => {
  streams.delete(tick);
  if (streams.size === 0) {
    clearInterval(timer);
    timer = undefined;
  }
};

const bind = async (port: number): Promise<Socket> => {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
};

/** An even port for RTP and the next one for RTCP (RFC 3550, 11), both free, chosen by the system. */
const bindPair = async (): Promise<[Socket, Socket]> => {
  for (;;) {
    const rtp = await bind(0);
    const { port } = rtp.address();
    if (port % 2 === 0) {
      try {
        return [rtp, await bind(port + 1)];
      } catch {
        // the neighbour is taken: another pair
      }
    }
    rtp.close();
  }
};

/**
 * The media of one call: sends a 20 ms frame of its source every 20 ms and keeps what arrives.
 * Nothing is sent before `send` is called.
 */
export const openRtp = async (source: Source, options: RtpOptions = {}) => {
  const [socket, rtcp] = await bindPair();
  const { port } = socket.address();
  let current = source;
  let encoder: Encoder = CODECS.ulaw.createEncoder();
  let payloadType = CODECS.ulaw.payloadType;
  let dtmfType = 101;
  let target: { host: string; port: number } | undefined;
  let seq = options.firstSeq ?? randomInt(65_536);
  let ssrc = options.ssrc ?? randomBytes(4).readUInt32BE();
  let timestamp = randomInt(2 ** 31);
  let startedAt: number | undefined;
  let frames = 0;
  let paused = false;
  let dropShare = 0;
  let jitter: (() => number) | null = null;
  let marker = true;
  let closed = false;
  let gap = 0;
  const keys: Key[] = [];
  const received: Received[] = [];
  const listeners = new Set<() => void>();
  const counters = { sent: 0, dropped: 0 };

  const packet = (type: number, payload: Uint8Array, at: number, mark: boolean): void => {
    const head = Buffer.alloc(12);
    head[0] = 0x80;
    head[1] = (mark ? 0x80 : 0) | type;
    head.writeUInt16BE(seq, 2);
    head.writeUInt32BE(at, 4);
    head.writeUInt32BE(ssrc, 8);
    seq = (seq + 1) & 0xffff;
    // A dropped packet has used its sequence number: that is how the other side knows of the loss.
    if (dropShare > 0 && Math.random() < dropShare) {
      counters.dropped++;
      return;
    }
    counters.sent++;
    const { port, host } = target!;
    const bytes = Buffer.concat([head, payload]);
    if (jitter) setTimeout(() => closed || socket.send(bytes, port, host), jitter());
    else socket.send(bytes, port, host);
  };

  const sendKey = (key: Key): void => {
    if (key.sent === 0) key.timestamp = timestamp;
    const ends = key.sent >= KEY_PACKETS - 3;
    const payload = Buffer.from([key.event, ends ? 0x8a : 0x0a, 0, 0]);
    payload.writeUInt16BE(Math.min(key.sent + 1, KEY_LENGTH) * FRAME, 2);
    packet(dtmfType, payload, key.timestamp, key.sent === 0);
    key.sent++;
    if (key.sent < KEY_PACKETS) return;
    keys.shift();
    gap = KEY_GAP;
    key.done();
  };

  const sendFrame = (): void => {
    frames++;
    const pcm = current.frame();
    const upper = current.upper?.();
    const key = gap > 0 ? undefined : keys[0];
    if (gap > 0) gap--;
    if (key) sendKey(key);
    else if (!paused) {
      packet(payloadType, encoder(pcm, upper), timestamp, marker);
      marker = false;
    }
    timestamp = (timestamp + FRAME) >>> 0;
  };

  const tick = (now: number): void => {
    startedAt ??= now;
    while (!closed && frames * FRAME_MS <= now - startedAt) sendFrame();
  };

  socket.on('message', (bytes) => {
    if (bytes.length < 12 || bytes[0]! >> 6 !== 2) return;
    const item: Received = {
      at: performance.now(),
      type: bytes[1]! & 0x7f,
      timestamp: bytes.readUInt32BE(4),
      ssrc: bytes.readUInt32BE(8),
      payload: bytes.subarray(12 + (bytes[0]! & 15) * 4),
    };
    if (item.type !== dtmfType) received.push(item);
    for (const listener of listeners) listener();
  });

  const decoders = (): Map<number, Decoder> =>
    new Map(Object.values(CODECS).map((codec) => [codec.payloadType, codec.createDecoder()]));

  /**
   * What arrived, as 8 kHz signed 16-bit samples from the first packet on. A packet that follows its stream's last
   * one within 100 ms of RTP time lies right there, however late a busy machine brought it to us; so does one whose
   * timestamp agrees with its arrival. Any other has begun a new stretch, and lies where it arrived.
   * Nothing received is digital silence.
   */
  const heard = (): Int16Array => {
    const decode = decoders();
    const placed: { position: number; pcm: Int16Array }[] = [];
    let end = 0;
    let last = { position: 0, timestamp: 0, ssrc: -1 };
    for (const item of received) {
      const pcm = decode.get(item.type)?.(item.payload);
      if (!pcm) continue;
      const arrival = Math.round(((item.at - received[0]!.at) * RATE) / 1000);
      const step = (item.timestamp - last.timestamp) | 0;
      const follows = item.ssrc === last.ssrc && step > 0 && step <= REANCHOR_SAMPLES;
      const agrees = item.ssrc === last.ssrc && Math.abs(last.position + step - arrival) <= REANCHOR_SAMPLES;
      let position = last.position + step;
      // A new stretch joins on to the last one if that was only just over.
      if (!follows && !agrees) position = Math.abs(arrival - end) <= REANCHOR_SAMPLES ? end : arrival;
      last = { position, timestamp: item.timestamp, ssrc: item.ssrc };
      placed.push({ position: Math.max(0, position), pcm });
      end = Math.max(end, position + pcm.length);
    }
    const out = new Int16Array(end);
    for (const { position, pcm } of placed) out.set(pcm.subarray(0, end - position), position);
    return out;
  };

  return {
    port,
    counters,
    heard,
    /** Packets of audio received so far. */
    packets: (): number => received.length,
    /** Calls `listener` at every packet until the returned function is called. */
    onPacket: (listener: () => void): (() => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Begins to send, or goes on to another address or codec. */
    send: (to: { host: string; port: number }, codec: CodecName, dtmf: number): void => {
      target = to;
      dtmfType = dtmf;
      if (payloadType !== CODECS[codec].payloadType) {
        payloadType = CODECS[codec].payloadType;
        encoder = CODECS[codec].createEncoder();
      }
      if (!closed) pace(tick);
    },
    say: (next: Source): void => {
      current = next;
    },
    /** No packets from now on; the source and the clock go on, as behind a mute key with silence suppression. */
    pause: (): void => {
      paused = true;
    },
    resume: (): void => {
      if (paused) marker = true;
      paused = false;
    },
    /** Loses a random `share` (0 to 1) of the packets. */
    drop: (share: number): void => {
      dropShare = share;
    },
    /** Delays each packet by a random time of up to `ms`, so that some overtake others; with `inOrder` none does. */
    jitter: (ms: number, { inOrder = false } = {}): void => {
      let due = 0;
      const wait = () => {
        const at = performance.now() + Math.random() * ms;
        due = inOrder ? Math.max(due, at) : at;
        return due - performance.now();
      };
      jitter = ms === 0 ? null : wait;
    },
    /** A new stream in the middle of the call, as a phone does that restarts its media. */
    restart: (next: { seq: number; ssrc?: number }): void => {
      seq = next.seq;
      ssrc = next.ssrc ?? randomBytes(4).readUInt32BE();
      marker = true;
    },
    /** The sequence number of the next packet. */
    nextSeq: (): number => seq,
    /** Presses one key; resolves when its last packet is sent. */
    press: (digit: string): Promise<void> =>
      new Promise((resolve, reject) => {
        const event = DIGITS.indexOf(digit.toUpperCase());
        if (event < 0) reject(new Error(`no such key: ${digit}`));
        else if (closed || !streams.has(tick)) reject(new Error('no media to press a key on'));
        else keys.push({ event, sent: 0, timestamp: 0, done: resolve });
      }),
    close: (): void => {
      if (closed) return;
      closed = true;
      unpace(tick);
      socket.close();
      rtcp.close();
      for (const key of keys) key.done();
      for (const listener of listeners) listener();
    },
    isClosed: (): boolean => closed,
  };
};
