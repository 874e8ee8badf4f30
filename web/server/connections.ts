import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import { network } from '../auth/tries.js';

/** How many connections there may be: in all, and from one network. A browser has six, and one more for each page. */
const MOST = 4_000;
const MOST_OF_ONE = 200;

/** Requests that a connection may have unanswered: browsers wait for one answer before they ask again. */
const MOST_AHEAD = 10;

/**
 * Nobody alone takes all connections: what one network opens beyond its share is closed at once. This machine is not
 * counted, because a proxy on it speaks for everybody.
 */
export function limitConnections(server: Server, most = { all: MOST, ofOne: MOST_OF_ONE }): void {
  const open = new Map<string, number>();
  server.maxConnections = most.all;
  server.on('connection', (socket: Socket) => {
    const from = network(socket.remoteAddress ?? '');
    if (/^127\.|^0:0:0:0::\/64$/.test(from)) return;
    const count = (open.get(from) ?? 0) + 1;
    if (count > most.ofOne) {
      socket.destroy();
      return;
    }
    open.set(from, count);
    socket.once('close', () => {
      const left = open.get(from)! - 1;
      if (left > 0) open.set(from, left);
      else open.delete(from);
    });
  });
}

/**
 * Ends connections that send requests far ahead of the answers. A single packet has a thousand of them, and all are begun before
 * anybody else's turn comes. To be called when the server knows who answers.
 */
export function limitPipelining(server: Server): void {
  const unanswered = new WeakMap<Socket, number>();
  const answerers = server.listeners('request') as ((
    asked: IncomingMessage,
    answer: ServerResponse,
  ) => void)[];
  server.removeAllListeners('request');
  server.on('request', (asked: IncomingMessage, answer: ServerResponse) => {
    const { socket } = asked;
    const ahead = unanswered.get(socket) ?? 0;
    if (ahead >= MOST_AHEAD || socket.destroyed) return void socket.destroy();
    unanswered.set(socket, ahead + 1);
    answer.once('close', () => unanswered.set(socket, unanswered.get(socket)! - 1));
    for (const answerer of answerers) answerer(asked, answer);
  });
}
