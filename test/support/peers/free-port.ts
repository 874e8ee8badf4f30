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

/** A port at which nobody listens, and no other of this test will. */
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
