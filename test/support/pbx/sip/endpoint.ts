import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  allHeaders,
  branchOf,
  cseqOf,
  header,
  parseMessage,
  type SipMessage,
  writeMessage,
} from './message.js';

/** RFC 3261, 17.1.1.1: the first retransmission, and when to give up (64 times that). */
const T1 = 500;
const GIVE_UP = 64 * T1;

export type Headers = [name: string, value: string][];

export const newBranch = (): string => `z9hG4bK${randomBytes(8).toString('hex')}`;
export const newTag = (): string => randomBytes(6).toString('hex');

type RequestOptions = {
  method: string;
  uri: string;
  headers: Headers;
  body?: string;
  branch?: string;
  onProvisional?: (response: SipMessage) => void;
};

/**
 * SIP over UDP between one phone and one PBX, both on 127.0.0.1: transactions with their retransmissions
 * (RFC 3261, 17), so that a packet lost by a busy machine does not lose a call.
 * `onRequest` gets each request once; ACK and retransmissions are dealt with here.
 */
export const createEndpoint = ({
  port,
  remotePort,
  onRequest,
}: {
  port: number;
  remotePort: number;
  onRequest: (request: SipMessage) => void;
}) => {
  let socket: Socket | undefined;
  const clients = new Map<string, (response: SipMessage) => void>();
  const answers = new Map<string, Buffer>();
  const acks = new Map<string, Buffer>();
  const awaitingAck = new Map<string, { acknowledge: () => void; timer: NodeJS.Timeout }>();
  const timers = new Set<NodeJS.Timeout>();

  const send = (bytes: Buffer): void => socket?.send(bytes, remotePort, '127.0.0.1');
  const via = (branch: string): string => `SIP/2.0/UDP 127.0.0.1:${port};branch=${branch};rport`;
  const dialogKey = (message: SipMessage): string =>
    `${header(message, 'call-id')} ${cseqOf(message).number}`;

  /** Sends at once and again at T1, 2 T1, 4 T1 ... until the returned function is called. */
  const repeat = (bytes: Buffer): (() => void) => {
    let wait = T1;
    let timer: NodeJS.Timeout;
    const again = (): void => {
      timers.delete(timer);
      send(bytes);
      timer = setTimeout(again, wait);
      timers.add(timer);
      wait = Math.min(wait * 2, 4000);
    };
    again();
    return () => {
      clearTimeout(timer);
      timers.delete(timer);
    };
  };

  const requestBytes = (options: RequestOptions, branch: string): Buffer =>
    writeMessage(
      `${options.method} ${options.uri} SIP/2.0`,
      [['Via', via(branch)], ['Max-Forwards', '70'], ...options.headers],
      options.body,
    );

  /** The ACK of a refused INVITE belongs to its transaction (17.1.1.3): same branch, To of the response. */
  const ackRefusal = (options: RequestOptions, branch: string, response: SipMessage): void => {
    const headers = options.headers.flatMap(([name, value]): Headers => {
      if (name === 'To') return [[name, header(response, 'to')]];
      if (name === 'CSeq') return [[name, value.replace('INVITE', 'ACK')]];
      return ['From', 'Call-ID', 'X-Carrier'].includes(name) ? [[name, value]] : [];
    });
    send(requestBytes({ method: 'ACK', uri: options.uri, headers }, branch));
  };

  /** Sends a request; gives its final response. Throws after 32 s without one. */
  const request = (options: RequestOptions): Promise<SipMessage> =>
    new Promise((resolve, reject) => {
      const branch = options.branch ?? newBranch();
      const key = `${branch} ${options.method}`;
      const stopRepeating = repeat(requestBytes(options, branch));
      const giveUp = setTimeout(() => finish(new Error(`no response to ${options.method}`)), GIVE_UP);
      timers.add(giveUp);
      const quiet = (): void => {
        stopRepeating();
        clearTimeout(giveUp);
        timers.delete(giveUp);
      };
      const finish = (result: SipMessage | Error): void => {
        quiet();
        clients.delete(key);
        if (result instanceof Error) reject(result);
        else resolve(result);
      };
      clients.set(key, (response) => {
        if (response.status < 200) {
          // A ringing phone may take its time.
          if (options.method === 'INVITE') quiet();
          options.onProvisional?.(response);
          return;
        }
        if (options.method === 'INVITE' && response.status >= 300) ackRefusal(options, branch, response);
        finish(response);
      });
    });

  /** Acknowledges the success of an INVITE, and again whenever that success is repeated. */
  const ack = (response: SipMessage, uri: string, headers: Headers): void => {
    const bytes = requestBytes({ method: 'ACK', uri, headers }, newBranch());
    acks.set(dialogKey(response), bytes);
    send(bytes);
  };

  /** Answers a request. The success of an INVITE is repeated until it is acknowledged; then the promise resolves. */
  const respond = (
    to: SipMessage,
    status: number,
    reason: string,
    headers: Headers = [],
    body = '',
  ): Promise<void> => {
    const bytes = writeMessage(
      `SIP/2.0 ${status} ${reason}`,
      [
        ...allHeaders(to, 'via').map((value): [string, string] => ['Via', value]),
        ['From', header(to, 'from')],
        ...(headers.some(([name]) => name === 'To') ? [] : ([['To', header(to, 'to')]] as Headers)),
        ['Call-ID', header(to, 'call-id')],
        ['CSeq', header(to, 'cseq')],
        ...headers,
      ],
      body,
    );
    answers.set(`${branchOf(to)} ${to.method}`, bytes);
    if (to.method !== 'INVITE' || status < 200 || status >= 300) {
      send(bytes);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const stopRepeating = repeat(bytes);
      const key = dialogKey(to);
      const acknowledge = (): void => {
        stopRepeating();
        clearTimeout(timer);
        timers.delete(timer);
        awaitingAck.delete(key);
        resolve();
      };
      const timer = setTimeout(acknowledge, GIVE_UP);
      timers.add(timer);
      awaitingAck.set(key, { acknowledge, timer });
    });
  };

  const onResponse = (response: SipMessage): void => {
    const cseq = cseqOf(response);
    const client = clients.get(`${branchOf(response)} ${cseq.method}`);
    if (client) client(response);
    else if (cseq.method === 'INVITE' && response.status >= 200) {
      const known = acks.get(dialogKey(response));
      if (known) send(known);
    }
  };

  const takeOnce = (message: SipMessage): void => {
    const key = `${branchOf(message)} ${message.method}`;
    const earlier = answers.get(key);
    if (earlier) {
      if (earlier.length > 0) send(earlier);
      return;
    }
    // Taken, though not answered yet: a retransmission must not make a second call.
    answers.set(key, Buffer.alloc(0));
    onRequest(message);
  };

  const onMessage = (bytes: Buffer): void => {
    const message = parseMessage(bytes.toString('utf8'));
    if (!message) return;
    if (message.status > 0) onResponse(message);
    else if (message.method === 'ACK') awaitingAck.get(dialogKey(message))?.acknowledge();
    else takeOnce(message);
  };

  return {
    port,
    send,
    request,
    ack,
    respond,
    /** Throws when the port is taken. */
    start: async (): Promise<void> => {
      socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
      socket.on('message', onMessage);
      socket.bind(port, '127.0.0.1');
      await once(socket, 'listening');
    },
    stop: (): void => {
      for (const timer of timers) clearTimeout(timer);
      for (const { acknowledge } of awaitingAck.values()) acknowledge();
      timers.clear();
      clients.clear();
      socket?.close();
      socket = undefined;
    },
  };
};

export type Endpoint = ReturnType<typeof createEndpoint>;
