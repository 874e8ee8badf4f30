import { Worker } from 'node:worker_threads';
import { programFile } from './program-files.js';

/**
 * Starts a program of ours in a thread: `built` (from the folder of package.json), or `source` where we run from source
 * ourselves, as tests do. With Node 20, tsx does not load the source of a thread by itself.
 */
export function startThread(built: string, source: URL, workerData: unknown): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(programFile(built), { workerData });
  if (source.pathname.endsWith('.mjs')) return new Worker(source, { workerData, execArgv: [] });
  const tsx = import.meta.resolve('tsx/esm/api');
  const load = `import('${tsx}').then(({ register }) => (register(), import('${source}')));`;
  return new Worker(load, { eval: true, workerData });
}
