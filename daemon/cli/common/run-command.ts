import { CommanderError } from 'commander';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { asFault } from './fault.js';
import { addCommands, commandNames, createProgram, listCommands } from './program.js';

/** Returns the exit code; cli/common/exit-codes has the table. */
export async function runCommand(argv: string[]): Promise<number> {
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
