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

/**
 * Tells systemd now and then that this process still gets to its work, as the unit's WatchdogSec= wants it. Gives what
 * ends it. Does nothing when there is no watchdog.
 */
export function feedWatchdog(): () => void {
  const limitMs = Number(process.env.WATCHDOG_USEC ?? 0) / 1000;
  if (!process.env.NOTIFY_SOCKET || !(limitMs > 0)) return () => {};
  const timer = setInterval(() => void notify('WATCHDOG=1'), limitMs / 4);
  return () => clearInterval(timer);
}
