import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createConnection, createServer as createTcpServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Pbx } from './pbx.js';

/** What the fake does with something instead of passing it on: answers with this, or never. */
export type Fault = { status: number; body?: string } | 'silence';

type Path = { method: string; path: string };

/**
 * Stands between Tapedeck and a real Asterisk, and shows the faults that a real one cannot be made to show. What is not told
 * otherwise goes through: the api-docs, the calls and their recordings are Asterisk's own.
 */
export async function createFakePbx(pbx: Pbx) {
  const target = new URL(pbx.ari.url);
  const streams = new Set<WebSocket>();
  const managers = new Set<Socket>();
  const opened = new Set<Socket>();
  const orders: string[] = [];
  const attempts: number[] = [];
  let onRequest: (request: Path) => Fault | null = () => null;
  /** `swallow`: the handshake is answered, and then nothing, not even a ping. */
  let onStream: () => Fault | 'swallow' | null = () => null;
  let onManager: () => 'silence' | 'refuse' | null = () => null;

  const note = () => void attempts.push(performance.now());
  const keep = (socket: Socket) => {
    opened.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => opened.delete(socket));
  };

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    if (path.startsWith('/ari/asterisk/info')) note();
    const fault = onRequest({ method: request.method ?? 'GET', path });
    if (fault === 'silence') return;
    if (fault) {
      response.writeHead(fault.status, { 'content-type': 'application/json' }).end(fault.body ?? '{}');
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => ['authorization', 'content-type'].includes(name)),
    ) as Record<string, string>;
    const answer = await fetch(new URL(path, target), {
      method: request.method,
      headers,
      body: body.length > 0 ? body : undefined,
    });
    const type = answer.headers.get('content-type');
    response.writeHead(answer.status, type ? { 'content-type': type } : {});
    const bytes = Buffer.from(await answer.arrayBuffer());
    // Asterisk says in its description at which address its operations are.
    response.end(
      path.includes('api-docs') ? bytes.toString().replaceAll(target.host, request.headers.host!) : bytes,
    );
  }

  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  const accept = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const swallow = new WebSocketServer({ noServer: true, autoPong: false });
  server.on('connection', keep);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const fault = onStream();
    if (fault === 'silence') return;
    if (fault === 'swallow') {
      swallow.handleUpgrade(request, socket, head, (ws) => ws.on('error', () => {}));
      return;
    }
    if (fault) {
      socket.end(`HTTP/1.1 ${fault.status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    const upstream = new WebSocket(`${target.origin.replace('http', 'ws')}${request.url}`, {
      headers: { authorization: request.headers.authorization ?? '' },
    });
    upstream.on('error', () => socket.destroy());
    upstream.once('open', () =>
      accept.handleUpgrade(request, socket, head, (ws) => {
        streams.add(ws);
        ws.on('error', () => {});
        upstream.on('message', (data) => ws.send(String(data)));
        upstream.once('close', () => ws.terminate());
        ws.once('close', () => {
          streams.delete(ws);
          upstream.terminate();
        });
      }),
    );
  });

  const manager = createTcpServer((socket) => {
    note();
    keep(socket);
    const fault = onManager();
    if (fault === 'silence') return;
    if (fault === 'refuse') return void socket.destroy();
    const upstream = createConnection(pbx.ami.port, pbx.ami.host);
    managers.add(socket);
    upstream.on('error', () => socket.destroy());
    // Whole messages only, so that what is put in between lies between two of them.
    let rest = '';
    upstream.setEncoding('latin1').on('data', (text) => {
      rest += text;
      const end = Math.max(
        rest.lastIndexOf('\r\n\r\n') + 4,
        rest.startsWith('Asterisk') ? rest.indexOf('\n') + 1 : 0,
      );
      if (end > 3) socket.write(rest.slice(0, end), 'latin1');
      rest = end > 3 ? rest.slice(end) : rest;
    });
    socket.on('data', (part) => void orders.push(part.toString('latin1')));
    socket.pipe(upstream);
    socket.once('close', () => {
      managers.delete(socket);
      upstream.destroy();
    });
    upstream.once('close', () => socket.destroy());
  });

  const listen = (each: { listen: (port: number, host: string, done: () => void) => unknown }) =>
    new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
  await Promise.all([listen(server), listen(manager)]);
  const port = (each: { address: () => unknown }) => (each.address() as AddressInfo).port;

  return {
    /** The PBX as it is seen through the fake. */
    pbx: {
      ...pbx,
      ari: { ...pbx.ari, url: `http://127.0.0.1:${port(server)}/ari` },
      ami: { ...pbx.ami, port: port(manager) },
    } satisfies Pbx,
    /** Every connection attempt so far, in ms of the monotonic clock. */
    attempts: attempts as readonly number[],
    /** All that was said to Asterisk over AMI so far. */
    ordered: () => orders.join(''),
    /** What becomes of each request from now on; null: it is passed on. */
    requests: (decide: typeof onRequest) => {
      onRequest = decide;
    },
    streams: (decide: typeof onStream) => {
      onStream = decide;
    },
    managers: (decide: typeof onManager) => {
      onManager = decide;
    },
    /** Everything goes through again. */
    heal: () => {
      onRequest = () => null;
      onStream = () => null;
      onManager = () => null;
    },
    /** Ends every connection that is open. */
    cut: () => {
      for (const socket of opened) socket.destroy();
    },
    /** Sends this on the event stream between Asterisk's own events. False while the reader is far behind. */
    event: (data: string | Buffer): boolean => {
      for (const ws of streams) ws.send(data, { binary: false });
      return [...streams].every((ws) => ws.bufferedAmount < 4 << 20);
    },
    /** Sends this over AMI between Asterisk's own messages. */
    manager: (text: string | Buffer) => {
      for (const socket of managers) socket.write(text);
    },
    stop: async (): Promise<void> => {
      for (const socket of opened) socket.destroy();
      await Promise.all([server, manager].map((each) => new Promise((done) => each.close(done))));
    },
  };
}

/**
 * Passes TCP on to a port of this machine, until it is told to let everything vanish: then it keeps every connection open,
 * accepts new ones, and passes nothing on in either direction, as when a cable is pulled. Nobody is sent a FIN.
 */
export async function createTcpProxy(target: number) {
  const pairs = new Set<[Socket, Socket | null]>();
  let vanished = false;
  const server = createTcpServer((near) => {
    near.on('error', () => {});
    if (vanished) {
      pairs.add([near, null]);
      return;
    }
    const far = createConnection(target, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    far.on('error', () => near.destroy());
    for (const [from, to] of [pair, [far, near]] as const) {
      from.on('data', (data) => {
        if (!vanished && !to.destroyed) to.write(data);
      });
      from.once('close', () => {
        if (vanished) return;
        pairs.delete(pair);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const end = () => {
    for (const pair of pairs) for (const socket of pair) socket?.destroy();
    pairs.clear();
  };
  return {
    port: (server.address() as AddressInfo).port,
    vanish: () => {
      vanished = true;
    },
    /** New connections work again. Those that vanished stay as they are. */
    comeBack: () => {
      vanished = false;
    },
    stop: async (): Promise<void> => {
      end();
      await new Promise((done) => server.close(done));
    },
  };
}
