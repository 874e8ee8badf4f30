import type { Socket } from 'node:net';

/** Sends on a socket. What is returned settles once the socket takes more, or has closed; null when it takes more already. */
export function createSender(socket: Socket): (bytes: Buffer) => Promise<void> | null {
  let full: Promise<void> | null = null;
  return (bytes) => {
    if (socket.destroyed || socket.write(bytes)) return null;
    full ??= new Promise((resolve) => {
      const goOn = () => {
        socket.off('drain', goOn).off('close', goOn);
        full = null;
        resolve();
      };
      socket.on('drain', goOn).on('close', goOn);
    });
    return full;
  };
}
