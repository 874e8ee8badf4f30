import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { moveLog } from '../../../daemon/catalogue/sqlite/writing/move-log.mjs';
import type { CheckpointMode } from '../../../daemon/catalogue/sqlite/writing/wal.js';

/**
 * Has the log of a catalogue moved to its file in this thread, by what does it in one of its own elsewhere: to start a thread takes
 * longer than all else that a start on a small catalogue does.
 */
export function inThisThread(_built: string, _source: URL, given: unknown): Worker {
  const thread = new EventEmitter();
  setImmediate(() => {
    try {
      thread.emit('message', moveLog(given as { path: string; mode: CheckpointMode }));
    } catch (e) {
      thread.emit('error', e);
    }
    thread.emit('exit');
  });
  return thread as Worker;
}
