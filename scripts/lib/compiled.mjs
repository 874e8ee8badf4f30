// Loaded before a compiled test file: to tap and to the file itself it is its source that runs. Threads and processes that the
// daemon starts from a source of its own run what was compiled too: to start a compiler in each took longer than what they do.
import childProcess from 'node:child_process';
import { existsSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import workerThreads from 'node:worker_threads';
import { outputOf, ROOT, sourceOf } from './compile.mjs';

process.argv[1] = sourceOf(process.argv[1]);

/** What was compiled of a source; null where there is nothing. */
function compiled(source) {
  const output = resolve(ROOT, outputOf(relative(ROOT, source)));
  return source.endsWith('.ts') && existsSync(output) ? output : null;
}

const { fork } = childProcess;
childProcess.fork = (file, args, options) => {
  const output = compiled(file);
  if (!output || !options?.execArgv) return fork(file, args, options);
  const { execArgv } = options;
  const tsx = execArgv.findIndex((arg) => arg.includes('/tsx/'));
  const without = tsx > 0 ? execArgv.toSpliced(tsx - 1, 2) : execArgv;
  return fork(output, args, { ...options, execArgv: without });
};

/** As daemon/ops/process/thread.ts has a thread load tsx and then a source. */
const LOADS_SOURCE = /\bimport\('(file:[^']+\.ts)'\)/;
const { Worker } = workerThreads;
workerThreads.Worker = class extends Worker {
  constructor(program, options) {
    const [, source] = (options?.eval && LOADS_SOURCE.exec(program)) || [];
    const output = source && compiled(fileURLToPath(source));
    if (output) super(output, { ...options, eval: false, execArgv: [] });
    else super(program, options);
  }
};
syncBuiltinESMExports();
