import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * A process between the recorder and the PBX's HTTP port: notes when it passed on that a channel is up, and when the recorder
 * asked for snoops on it. Both are noted in one place and by one clock, outside of the two processes that are measured.
 * Started by `flood.ts`: the port is given, ours is sent, and each message is answered with what was seen so far.
 */
export type Seen = {
  /** The number of who called, as the PBX has it. */
  caller: string;
  upAt: number;
  /** From the PBX's own time of the event to its being passed on. */
  heldMs: number;
  askedAt: number[];
};
export type TapReport = { channels: Seen[]; delayP99Ms: number };

type Channel = { id?: string; state?: string; caller?: { number?: string } };
type Told = { type?: string; timestamp?: string; channel?: Channel };

const SNOOP = /POST \/ari\/channels\/([^/ ]+)\/snoop/g;
/** No head of a request that matters is longer: so much may have been cut off from its rest. */
const HEAD_BYTES = 1_024;

const up = new Map<string, Seen>();
const asked = new Map<string, number[]>();
const delay = monitorEventLoopDelay({ resolution: 1 });

function told(text: string, at: number): void {
  const { type, timestamp = '', channel } = JSON.parse(text) as Told;
  if (type !== 'ChannelStateChange' || channel?.state !== 'Up' || !channel.id || up.has(channel.id)) return;
  const heldMs = performance.timeOrigin + at - Date.parse(timestamp);
  up.set(channel.id, { caller: channel.caller?.number ?? '', upAt: at, heldMs, askedAt: [] });
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
  const channels = [...up].map(([id, seen]) => ({ ...seen, askedAt: asked.get(id) ?? [] }));
  const report: TapReport = { channels, delayP99Ms: delay.percentile(99) / 1e6 };
  process.send!(report);
});
process.once('disconnect', () => process.exit());
