#!/usr/bin/env node
import { CommanderError } from 'commander';
import { EXIT, exitCodeOf } from './cli/common/exit-codes.js';
import { asFault } from './cli/common/fault.js';
import { addCommands, commandNames, createProgram, listCommands } from './cli/common/program.js';

/** Returns the exit code; cli/common/exit-codes has the table. */
async function main(argv: string[]): Promise<number> {
  const created = createProgram();
  const { program, context } = created;
  try {
    const { operands } = program.parseOptions(argv.slice(2));
    const called = (operands[0] === 'help' ? operands[1] : operands[0]) ?? '';
    if (commandNames().includes(called)) await addCommands(created, [called]);
    else listCommands(created);
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (e) {
    if (e instanceof CommanderError) return e.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const fault = asFault(e);
    context.err(`tapedeck: ${fault.message}\n  ${fault.hint}`);
    return exitCodeOf(fault);
  } finally {
    await context.close();
  }
}

// "tapedeck calls | head" closes the pipe early; that is no fault.
process.stdout.on('error', (e: NodeJS.ErrnoException) => process.exit(e.code === 'EPIPE' ? 0 : 1));
const code = await main(process.argv);
// process.exit() drops what a slow reader at the other end of a pipe has not taken yet.
for (const stream of [process.stdout, process.stderr])
  await new Promise<void>((taken) => stream.write('', () => taken()));
process.exit(code);
