import { existsSync, readFileSync } from 'node:fs';
import { fail } from '../../domain/error.js';
import { movedFile } from '../../domain/paths.js';
import { removeDurably } from '../durable.js';
import { placeNow } from '../place.js';

/** That this box is being handed over, or was. `at` is ISO 8601 in UTC. */
export type MovedMark = { state: 'moving' | 'moved'; at: string };

/** The mark of a data directory that is handed over to another machine; null where there is none. */
export function readMoved(dataDir: string): MovedMark | null {
  const path = movedFile(dataDir);
  if (!existsSync(path)) return null;
  const [state, at = ''] = readFileSync(path, 'utf8').split('\n');
  return { state: state === 'moved' ? 'moved' : 'moving', at };
}

/** Durable when this returns: from then on no recorder starts here. */
export const markMoved = (dataDir: string, { state, at }: MovedMark): void =>
  placeNow(movedFile(dataDir), `${state}\n${at}\n`, { mode: 0o600, over: true });

export const unmarkMoved = async (dataDir: string): Promise<void> =>
  void (await removeDurably(movedFile(dataDir)));

/** Throws `moved_away` where another machine has taken over, or may. */
export function refuseMoved(dataDir: string): void {
  const mark = readMoved(dataDir);
  if (mark)
    throw fail(
      'moved_away',
      `It was ${mark.state === 'moved' ? 'handed over' : 'being handed over'} on ${mark.at}.`,
    );
}
