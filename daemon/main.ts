#!/usr/bin/env node
import type { TapedeckError } from './domain/error.js';
import { checkOpenFiles } from './ops/process/open-files.js';

/** Returns the exit code; cli/common/exit-codes has the table. */
async function main(argv: string[]): Promise<number> {
  try {
    checkOpenFiles();
  } catch (e) {
    const { message, hint } = e as TapedeckError;
    console.error(`tapedeck: ${message}\n  ${hint}`);
    return 1;
  }
  // Not before: what cannot be opened would be told as a package that is missing.
  const { runCommand } = await import('./cli/common/run-command.js');
  return runCommand(argv);
}

// "tapedeck calls | head" closes the pipe early; that is no fault.
process.stdout.on('error', (e: NodeJS.ErrnoException) => process.exit(e.code === 'EPIPE' ? 0 : 1));
const code = await main(process.argv);
// process.exit() drops what a slow reader at the other end of a pipe has not taken yet.
for (const stream of [process.stdout, process.stderr])
  await new Promise<void>((taken) => stream.write('', () => taken()));
process.exit(code);
