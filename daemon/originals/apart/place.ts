import { createHash } from 'node:crypto';

/** What makes it the same import again, which has a process of its own to open its originals. */
export type Served = { dir: string; pbx: string; zone: string; cdr: string; left: string; with_due: boolean };

/** The units of all of them, as systemd's commands take a pattern. */
export const ORIGINALS_UNITS = 'tapedeck-originals-*.service';

/** The name of its unit. `dry`: of a dry run, which may go on beside the import. Only root makes folders in /run. */
export function unitOf({ dir, pbx, zone, cdr, left, with_due: due }: Served, dry = false): string {
  const id = createHash('sha256')
    .update(JSON.stringify([dir, pbx, zone, cdr, left, due]))
    .digest('hex');
  return `tapedeck-originals-${id.slice(0, 16)}${dry ? '-dry' : ''}`;
}

export const socketOf = (served: Served, dry = false): string => `/run/${unitOf(served, dry)}/sock`;
