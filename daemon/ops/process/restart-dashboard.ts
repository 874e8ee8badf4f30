import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** The name of the folder that the recorder's unit makes for its requests to systemd (RuntimeDirectory=), and the request. */
const FOLDER = 'tapedeck-requests';
const REQUEST = 'restart-web';
const LOOK_MS = 50;

/** Where systemd watches for the request; null where this process has no such folder. Only the recorder can write there. */
function place(): string | null {
  const folders = (process.env.RUNTIME_DIRECTORY ?? '').split(':');
  const folder = folders.find((dir) => basename(dir) === FOLDER);
  return folder ? join(folder, REQUEST) : null;
}

/**
 * Asks systemd to restart the dashboard's unit, which ends every process in it: a unit that runs as root watches for a file of
 * ours, removes it and does so (systemd/tapedeck-web-restart.path). Returns false, and takes the request back, where nobody has
 * taken it within so many ms.
 */
export async function restartDashboard(withinMs = 5_000): Promise<boolean> {
  const file = place();
  if (!file) return false;
  writeFileSync(file, '', { mode: 0o600 });
  const until = performance.now() + withinMs;
  while (performance.now() < until) {
    await wait(LOOK_MS);
    if (!existsSync(file)) return true;
  }
  rmSync(file, { force: true });
  return false;
}
