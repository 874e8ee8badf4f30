import createManager, { type Manager } from 'asterisk-manager';
import { fail, type TapedeckError } from '../domain/error.js';
import type { Log } from '../ops/log.js';

/**
 * Asterisk's manager interface: listening only. The one file that knows asterisk-manager. Its reconnect (first after 10 s,
 * logging to standard output) is not used; what is sent is freed of line ends, which it would pass on as further headers;
 * and a ping finds the connection that is half open.
 */
export type AmiDeps = {
  host: string;
  port: number;
  user: string;
  secret: string;
  log: Log;
  onEvent: (event: unknown) => void;
  onUp: () => void;
  onDown: (reason: TapedeckError) => void;
};

const PATIENCE = 5_000;
const PING = 4_000;
const BACKOFF = { first: 500, most: 30_000 };

export type Ami = ReturnType<typeof createAmi>;

export function createAmi(deps: AmiDeps) {
  let manager: Manager | null = null;
  let stopped = true;
  let up = false;
  let problem: TapedeckError | null = null;
  let timer: NodeJS.Timeout | undefined;
  let wake: (() => void) | undefined;
  let loop: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    let wait = BACKOFF.first;
    while (!stopped) {
      const began = Date.now();
      const reason = await session();
      up = false;
      if (stopped) return;
      if (problem?.message !== reason.message) deps.onDown(reason);
      problem = reason;
      if (Date.now() - began > BACKOFF.most) wait = BACKOFF.first;
      await new Promise<void>((resolve) => {
        wake = resolve;
        timer = setTimeout(resolve, wait * (0.75 + Math.random() / 2));
      });
      wait = Math.min(wait * 2, BACKOFF.most);
    }
  }

  async function session(): Promise<TapedeckError> {
    const m = createManager(null, deps.host, oneLine(deps.user), oneLine(deps.secret), true);
    manager = m;
    let pinger: NodeJS.Timeout | undefined;
    const ended = new Promise<TapedeckError>((resolve) => {
      m.on('error', (e: Error) =>
        resolve(fail('pbx_unreachable', `${deps.host}:${deps.port}: ${e.message}`, e)),
      );
      m.on('close', () =>
        resolve(fail('pbx_unreachable', `${deps.host}:${deps.port} closed the connection.`)),
      );
      let patience = setTimeout(() => resolve(late('log-in')), PATIENCE);
      m.options.port = deps.port;
      m.connect(deps.port, deps.host, () => {
        m.login((err) => {
          clearTimeout(patience);
          if (err) return resolve(refused(err, deps.user));
          problem = null;
          up = true;
          deps.onUp();
          pinger = setInterval(() => {
            patience = setTimeout(() => resolve(late('ping')), PATIENCE);
            m.action({ action: 'Ping' }, () => clearTimeout(patience));
          }, PING);
        });
      });
    });
    m.on('managerevent', deps.onEvent);
    try {
      return await ended;
    } finally {
      clearInterval(pinger);
      m.removeAllListeners();
      m.on('error', () => {});
      m.disconnect();
    }
  }

  return {
    start(): void {
      stopped = false;
      loop = run();
    },
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      wake?.();
      manager?.disconnect();
      await loop;
    },
    status: () => ({ up, problem }),
    /** Whether this user may do what the action asks: true when Asterisk did it. Only for actions that change nothing. */
    may(action: Record<string, string>): Promise<boolean> {
      return new Promise((resolve) => {
        if (!manager || !up) return resolve(false);
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
