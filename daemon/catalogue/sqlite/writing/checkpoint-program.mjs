import { parentPort, workerData } from 'node:worker_threads';
import { moveLog } from './move-log.mjs';

/**
 * A thread that moves the log of a database to its file, and says whether all of it is there; see wal.ts. In JavaScript, because
 * tests start hundreds of it, and what runs TypeScript there would have to start in each.
 */
parentPort.postMessage(moveLog(workerData));
