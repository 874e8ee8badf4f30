import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * A process between the recorder and the PBX's HTTP port: notes when it passed on that a channel is up, when the recorder asked
 * for snoops on it, and when the PBX began to record them. The first two are noted in one place and by one clock, outside of the
 * two processes that are measured; the last by the clock of the PBX, which is that of this machine.
 * Started by `flood.ts`: the port is given, ours is sent, and each message is answered with what was seen so far.
 */
export type Seen = {
  /** The number of who called, as the PBX has it. */
  caller: string;
  upAt: number;
  /** From the PBX's own time of the event to its being passed on. */
  heldMs: number;
  askedAt: number[];
  /** From the answer to the beginning of each side's recording, both as the PBX tells them, ms. */
  begunMs: number[];
};
export type TapReport = { channels: Seen[]; delayP99Ms: number };

type Channel = { id?: string; state?: string; caller?: { number?: string } };
type Told = {
  type?: string;
  timestamp?: string;
  channel?: Channel;
  recording?: { target_uri?: string };
};

const SNOOP = /POST \/ari\/channels\/([^/ ]+)\/snoop\/([^?/ ]+)/g;
/** No head of a request that matters is longer: so much may have been cut off from its rest. */
const HEAD_BYTES = 1_024;

const up = new Map<string, Seen>();
const asked = new Map<string, number[]>();
/** By the ids of snoops: the leg, and when its recording began, ms since 1970. */
const legs = new Map<string, string>();
const begun = new Map<string, number>();
const delay = monitorEventLoopDelay({ resolution: 1 });

function told(text: string, at: number): void {
  const { type, timestamp = '', channel, recording } = JSON.parse(text) as Told;
  if (type === 'RecordingStarted' && recording?.target_uri)
    begun.set(recording.target_uri.replace('channel:', ''), Date.parse(timestamp));
  if (type !== 'ChannelStateChange' || channel?.state !== 'Up' || !channel.id || up.has(channel.id)) return;
  const heldMs = performance.timeOrigin + at - Date.parse(timestamp);
  up.set(channel.id, { caller: channel.caller?.number ?? '', upAt: at, heldMs, askedAt: [], begunMs: [] });
}

/** From the answer of a leg on, as the PBX tells both. */
function begunOf(leg: string, { upAt, heldMs }: Seen): number[] {
  const answeredAt = performance.timeOrigin + upAt - heldMs;
  const mine = [...begun].filter(([snoop]) => legs.get(snoop) === leg);
  return mine.map(([, at]) => at - answeredAt).sort((a, b) => a - b);
}

/** Finds requests for snoops in what the recorder sends. */
function createRequests() {
  let rest = '';
  return (data: Buffer, at: number): void => {
    const text = rest + data.toString('latin1');
    let after = 0;
    for (const found of text.matchAll(SNOOP)) {
      const id = decodeURIComponent(found[1]!);
      asked.set(id, [...(asked.get(id) ?? []), at]);
      legs.set(decodeURIComponent(found[2]!), id);
      after = found.index + found[0].length;
    }
    rest = text.slice(Math.max(after, text.length - HEAD_BYTES));
  };
}

/** Reads the texts of a WebSocket's server (RFC 6455), which does not mask them; Asterisk sends each in one frame. */
function createEvents() {
  let rest: Buffer = Buffer.alloc(0);
  let stream: boolean | null = null;
  return (data: Buffer, at: number): void => {
    stream ??= data.toString('latin1', 0, 12) === 'HTTP/1.1 101';
    if (!stream) return;
    rest = Buffer.concat([rest, data]);
    if (rest.toString('latin1', 0, 4) === 'HTTP') {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      rest = rest.subarray(end + 4);
    }
    for (;;) {
      if (rest.length < 10) return;
      const short = rest[1]! & 0x7f;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      const size =
        short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
      if (rest.length < head + size) return;
      if ((rest[0]! & 0x0f) === 1) told(rest.toString('utf8', head, head + size), at);
      rest = rest.subarray(head + size);
    }
  };
}

function pass(from: Socket, to: Socket, look: (data: Buffer, at: number) => void): void {
  from.setNoDelay(true);
  from.on('data', (data) => {
    const at = performance.now();
    to.write(data);
    look(data, at);
  });
  from.on('error', () => {});
  from.once('close', () => to.destroy());
}

const server = createServer((near) => {
  const far = createConnection(Number(process.argv[2]), '127.0.0.1');
  pass(near, far, createRequests());
  pass(far, near, createEvents());
});
server.listen(0, '127.0.0.1', () => {
  delay.enable();
  process.send!((server.address() as AddressInfo).port);
});
process.on('message', () => {
  const channels = [...up].map(([id, seen]) => ({
    ...seen,
    ...{ askedAt: asked.get(id) ?? [], begunMs: begunOf(id, seen) },
  }));
  const report: TapReport = { channels, delayP99Ms: delay.percentile(99) / 1e6 };
  process.send!(report);
});
process.once('disconnect', () => process.exit());
