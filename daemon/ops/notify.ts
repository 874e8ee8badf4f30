import { execFile } from 'node:child_process';

/**
 * Tells systemd how the service is (READY=1, STOPPING=1, STATUS=...). Does nothing when systemd did not start it. Node has
 * no datagram Unix sockets, so systemd's own tool speaks; the unit needs NotifyAccess=all.
 */
export function notify(...state: string[]): Promise<void> {
  if (!process.env.NOTIFY_SOCKET) return Promise.resolve();
  return new Promise((resolve) => {
    execFile('systemd-notify', state, { timeout: 5_000 }, () => resolve());
  });
}
