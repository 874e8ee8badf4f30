import net, { isIP, type Socket } from 'node:net';
import tls from 'node:tls';
import createManager, { type Manager } from 'asterisk-manager';
import { fail, type TapedeckError } from '../domain/error.js';
import type { Log } from '../ops/log.js';
import { createMessages } from './ami-messages.js';
import { createLink, type Session, watchPulse } from './link.js';
import { connectionFault, type Trust } from './trust.js';

/**
 * Asterisk's manager interface: listening only. The one file that knows asterisk-manager. Its reconnect (first after 10 s,
 * logging to standard output) is not used; what is sent is freed of line ends, which it would pass on as further headers;
 * what comes is looked through first (ami-messages); and pings find the connection that is half open.
 */
export type AmiDeps = {
  host: string;
  port: number;
  /** Over TLS, with this authority; null or left out: in plain text. */
  tls?: Pick<Trust, 'ca'> | null;
  user: string;
  secret: string;
  log: Log;
  /** Whether events of this name are to be told; left out: every one is. */
  wanted?: (event: string) => boolean;
  onEvent: (event: unknown) => void;
  onUp: () => void;
  /** Once for each loss; what happened until `lastHeardAt` (ms since 1970, null before the first connection) was told. */
  onDown: (reason: TapedeckError, lastHeardAt: number | null) => void;
  /** Our own time, ms since 1970. */
  now: () => number;
};

const PATIENCE = 5_000;
/** What was left out is told at most so often, in ms. */
const TELL_JUNK = 60_000;

export function createAmi(deps: AmiDeps) {
  let manager: Manager | null = null;
  let hangUp: () => void = () => {};
  let toldJunk = Number.NEGATIVE_INFINITY;
  const link = createLink({ session, onDown: deps.onDown, now: deps.now, log: deps.log });
  const where = `${deps.host}:${deps.port}`;
  const address = { host: deps.host, port: deps.port };

  async function session({ heard, up }: Session): Promise<TapedeckError> {
    const m = createManager(null, deps.host, oneLine(deps.user), oneLine(deps.secret), true);
    const socket = connect(m);
    let beat = () => {};
    let stop = () => {};
    const messages = createMessages({
      wanted: deps.wanted ?? (() => true),
      onMessage: takeReader(socket),
      onJunk: junk,
    });
    socket.on('data', (text) => {
      beat();
      heard();
      messages.feed(String(text));
    });
    m.on('managerevent', deps.onEvent);
    const ended = new Promise<TapedeckError>((resolve) => {
      socket.once('error', (e) => resolve(connectionFault(where, e)));
      socket.once('close', () => resolve(fail('pbx_unreachable', `${where} closed the connection.`)));
      const patience = setTimeout(() => resolve(late('log-in')), PATIENCE);
      stop = () => clearTimeout(patience);
      // Over TLS this is when the certificate has been verified: nothing is sent before.
      socket.once(deps.tls ? 'secureConnect' : 'connect', () =>
        m.login((err) => {
          clearTimeout(patience);
          if (socket.destroyed) return;
          if (err) return resolve(refused(err, deps.user));
          ({ beat, stop } = watchPulse(
            () => m.action({ action: 'Ping' }),
            () => resolve(fail('pbx_unreachable', `${where} is silent: it answers no ping.`)),
          ));
          manager = m;
          if (up()) deps.onUp();
        }),
      );
    });
    hangUp = () => socket.destroy();
    try {
      return await ended;
    } finally {
      manager = null;
      stop();
      m.removeAllListeners();
      m.on('error', () => {});
      socket.destroy();
    }
  }

  /**
   * Its socket, which it shows to nobody: a connection that is half open can only be destroyed. It makes one by net, whatever it is
   * asked, so for this one call net gives it ours, which may be of TLS.
   */
  function connect(m: Manager): Socket {
    const made = net.createConnection;
    const socket = deps.tls
      ? tls.connect({ ...address, ...identity(deps.host), ca: deps.tls.ca, minVersion: 'TLSv1.2' })
      : made(address);
    net.createConnection = (() => socket) as typeof made;
    try {
      m.options.port = deps.port;
      m.connect(deps.port, deps.host);
    } finally {
      net.createConnection = made;
    }
    return socket;
  }

  function junk(what: string): void {
    if (performance.now() - toldJunk < TELL_JUNK) return;
    toldJunk = performance.now();
    deps.log.warn({ what }, 'The PBX sent something over AMI that makes no sense; ignored');
  }

  return {
    start: link.start,
    async stop(): Promise<void> {
      const stopped = link.stop();
      hangUp();
      await stopped;
    },
    status: link.status,
    /** Whether this user may do what the action asks: true when Asterisk did it. Only for actions that change nothing. */
    may(action: Record<string, string>): Promise<boolean> {
      return new Promise((resolve) => {
        if (!manager) return resolve(false);
        const clean = Object.fromEntries(Object.entries(action).map(([k, v]) => [oneLine(k), oneLine(v)]));
        const patience = setTimeout(() => resolve(false), PATIENCE);
        manager.action(clean, (err) => {
          clearTimeout(patience);
          resolve(!err);
        });
      });
    },
  };
}

/** The name that the certificate has to have is asked for; an address is none (RFC 6066). */
const identity = (host: string) => (isIP(host) === 0 ? { servername: host } : {});

/** Takes asterisk-manager's reader off its socket. */
function takeReader(socket: Socket): (text: string) => void {
  const [reader] = socket.listeners('data') as ((text: string) => void)[];
  socket.removeAllListeners('data');
  return reader!;
}

const late = (what: string) => fail('pbx_timeout', `AMI ${what}: no answer in ${PATIENCE / 1000} s.`);

function refused(answer: unknown, user: string): TapedeckError {
  const message = (answer as { message?: unknown } | null)?.message;
  if (typeof message === 'string' && /auth/i.test(message)) return fail('pbx_refused', `AMI user "${user}".`);
  return fail(
    'pbx_failed',
    `AMI log-in: ${typeof message === 'string' ? message : String(answer)}`.slice(0, 200),
  );
}

/** Line ends would begin another header, or another action. */
function oneLine(value: string): string {
  return value.replace(/[\r\n\0]/g, '');
}
