import { connect } from 'node:net';

/** What comes back on a connection until it ends, or nothing comes for a while. */
export function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (part) => (got += part));
    socket.on('close', () => resolve(got));
    socket.on('error', (e: NodeJS.ErrnoException) =>
      e.code === 'ECONNRESET' || e.code === 'EPIPE' ? null : reject(e),
    );
  });
}
