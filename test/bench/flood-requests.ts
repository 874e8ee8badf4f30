import { createConnection, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { CONTROL, type ControlBody, type ControlName } from '../../daemon/domain/operations/control.js';

/**
 * A process that asks the recorder over the dashboard's control socket, at an even rate whatever is answered: as a dashboard
 * does that was taken over. It uses nearly all connections that the recorder takes, and sends requests one behind the other
 * on each without waiting (HTTP/1.1 pipelining). Started by `flood.ts`; any message ends it, with its report.
 */
export type FloodOrder = {
  socket: string;
  rate: number;
  person: string;
  call: string;
  /** Only the kinds of request whose name begins with this. */
  only: string;
};
export type FloodReport = {
  sent: number;
  seconds: number;
  /** Not sent, because the recorder had not read what was sent before. */
  heldBack: number;
  unanswered: number;
  /** Connections that the recorder closed. */
  closed: number;
  answered: number;
  /** Of each kind of request, how many were answered with what: "ok" or the code of the error. */
  outcomes: Record<string, Record<string, number>>;
  /** How long answers took, ms. */
  p50Ms: number;
  p99Ms: number;
};

/** The recorder takes 32. */
const CONNECTIONS = 30;
/** What may wait on a connection until the recorder reads. */
const MOST_BYTES = 64 << 10;
const TICK_MS = 5;

const { socket, rate, person, call, only } = JSON.parse(process.argv[2]!) as FloodOrder;
const by = { person, session: 'flood', address: '192.0.2.1' };

function request<N extends ControlName>(name: N, body: ControlBody<N>): string {
  const { method, path } = CONTROL[name];
  const text = method === 'POST' ? JSON.stringify(body) : '';
  const head = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n`;
  const type = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n`;
  return `${head}${method === 'POST' ? type : ''}\r\n${text}`;
}

let seq = 0;
const look = { own: false, outcome: 'ok', object: 'call', object_id: call, reason: '', detail: {} } as const;
const about = { address: '192.0.2.1', person };
/** What is asked for, and how many of twenty requests are of this kind. */
const KINDS: Record<string, { share: number; make: (source: string) => string }> = {
  'tell: a look': {
    share: 6,
    make: (source) =>
      request('tell', {
        source,
        entries: [{ ...look, ...about, seq: ++seq, at: Date.now(), action: 'view' }],
      }),
  },
  status: { share: 4, make: () => request('status', {}) },
  open_recording: {
    share: 4,
    make: () => request('open_recording', { by, call, as: 'play', reason: 'Measured' }),
  },
  open_test_call: {
    share: 2,
    make: () => request('open_test_call', { pass: 'none', call }),
  },
  'open_recording, by nobody': {
    share: 1,
    make: () =>
      request('open_recording', { by: { ...by, person: 'nobody' }, call, as: 'play', reason: 'Measured' }),
  },
  'tell: what is no look': {
    share: 1,
    make: (source) =>
      request('tell', {
        source,
        entries: [{ ...look, ...about, seq: ++seq, at: Date.now(), action: 'erase' }],
      }),
  },
  'prove: a wrong password': {
    share: 1,
    make: () =>
      request('prove', {
        ...{ person, session: 'flood', address: '192.0.2.1', begins: true, device: null, act: null },
        means: { password: 'not the password' },
      }),
  },
  cancel_job: { share: 1, make: () => request('cancel_job', { by, id: 'none' }) },
};
const kinds = Object.entries(KINDS)
  .filter(([kind]) => kind.startsWith(only))
  .flatMap(([kind, { share }]) => Array<string>(share).fill(kind));

if (kinds.length === 0) throw new Error(`no requests "${only}"; there are ${Object.keys(KINDS).join(', ')}`);

const took: number[] = [];
const outcomes: FloodReport['outcomes'] = {};
let closed = 0;
let over = false;

function answered(kind: string, sentAt: number, status: number, body: string): void {
  took.push(performance.now() - sentAt);
  const code = status < 300 ? 'ok' : (/"code":"(\w+)"/.exec(body)?.[1] ?? String(status));
  const of = outcomes[kind] ?? {};
  outcomes[kind] = { ...of, [code]: (of[code] ?? 0) + 1 };
}

function connect(source: string) {
  let peer: Socket;
  let waiting: { kind: string; sentAt: number }[] = [];
  let lost = 0;
  function open(): void {
    let rest = '';
    peer = createConnection(socket);
    peer.setEncoding('latin1');
    peer.on('data', (data) => {
      rest += data;
      for (;;) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        const size = Number(/content-length: (\d+)/i.exec(rest.slice(0, end))?.[1] ?? 0);
        if (rest.length < end + 4 + size) return;
        const { kind, sentAt } = waiting.shift()!;
        answered(kind, sentAt, Number(rest.slice(9, 12)), rest.slice(end + 4, end + 4 + size));
        rest = rest.slice(end + 4 + size);
      }
    });
    peer.on('error', () => {});
    peer.once('close', () => {
      if (over) return;
      closed++;
      lost += waiting.length;
      waiting = [];
      setTimeout(open, 100);
    });
  }
  open();
  return {
    /** False when the recorder does not read. */
    send(kind: string): boolean {
      if (peer.writableLength > MOST_BYTES) return false;
      waiting.push({ kind, sentAt: performance.now() });
      peer.write(KINDS[kind]!.make(source));
      return true;
    },
    unanswered: () => lost + waiting.length,
    end: () => peer.destroy(),
  };
}

process.once('message', () => {
  over = true;
});
process.once('disconnect', () => process.exit());
const peers = Array.from({ length: CONNECTIONS }, (_, i) => connect(`flood-${i}`));
const began = performance.now();
let sent = 0;
let heldBack = 0;
while (!over) {
  const due = ((performance.now() - began) / 1000) * rate;
  while (sent + heldBack < due) {
    const n = sent + heldBack;
    if (peers[n % CONNECTIONS]!.send(kinds[Math.floor(Math.random() * kinds.length)]!)) sent++;
    else heldBack++;
  }
  await wait(TICK_MS);
}
const seconds = (performance.now() - began) / 1000;
const unanswered = peers.reduce((sum, peer) => sum + peer.unanswered(), 0);
for (const peer of peers) peer.end();
took.sort((a, b) => a - b);
const at = (share: number) => took[Math.max(0, Math.ceil(took.length * share) - 1)] ?? 0;
const report: FloodReport = {
  ...{ sent, seconds, heldBack, unanswered, closed, answered: took.length, outcomes },
  ...{ p50Ms: at(0.5), p99Ms: at(0.99) },
};
process.send!(report);
