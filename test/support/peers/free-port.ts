import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that outgoing connections get (from 32768) and those of the PBXs of the laboratory (from 10000): nothing
 * else that runs meanwhile takes one of these before the test does.
 */
const [FIRST, END] = [2_000, 10_000];
/** What other programs of a phone system like to listen at. */
const TAKEN = new Set([5_038, 5_060, 5_061, 8_088, 8_089, 8_090, 8_443]);
/** So many ports are tried before a program that says that its port is taken is believed to have another problem. */
const TRIES = 10;

/** A port of this machine at which connections are refused: only root may listen there, and nothing has for decades. */
export const REFUSED = 1;

/** A port at which nobody listens, and no other of this test will. Another program may still take it: `onFreePort` bears that. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    if (TAKEN.has(port)) continue;
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, () => resolve(true));
    });
    if (!free) continue;
    server.close();
    await once(server, 'close');
    TAKEN.add(port);
    return port;
  }
}

/**
 * For what has to know its port before it listens: starts it on a port of its own, and on another one when it says that somebody
 * has taken that meanwhile. `start` throws what the program said.
 */
export const onFreePort = <T>(start: (port: number) => Promise<T>): Promise<T> =>
  onFreePorts(1, ([port]) => start(port!));

/** As `onFreePort`, for what needs several. */
export async function onFreePorts<T>(count: number, start: (ports: number[]) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const ports: number[] = [];
    while (ports.length < count) ports.push(await freePort());
    try {
      return await start(ports);
    } catch (e) {
      if (tries === TRIES || !isTaken(e)) throw e;
    }
  }
}
/** How Node.js and C say it. */
const isTaken = (e: unknown): boolean => /EADDRINUSE|address already in use/i.test(String(e));

/**
 * Starts a program and waits until its output says that it listens. Throws with its output when it ends before that. What it says
 * later is not kept.
 */
export async function startListening(
  [program = '', ...args]: string[],
  says: RegExp,
  options: { env?: NodeJS.ProcessEnv; uid?: number; gid?: number } = {},
): Promise<ChildProcess> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (part: Buffer) => {
      said += part;
      if (!says.test(said)) return;
      for (const stream of [child.stdout, child.stderr]) stream.off('data', hear).resume();
      resolve();
    };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', hear);
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`${program} ended with ${code}: ${said}`)));
  });
  return child;
}

/** Ends a program, and waits until it is gone. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}
