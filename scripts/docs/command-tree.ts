import type { Argument, Command, Option } from 'commander';
import { verifierHash } from '../../daemon/assurance/evidence/verifier.js';
import { addCommands, commandNames, createProgram } from '../../daemon/cli/common/program.js';

export type CommandOption = {
  flags: string;
  short: string | null;
  long: string;
  takesValue: boolean;
  choices: readonly string[];
  description: string;
};
export type CommandArgument = {
  term: string;
  description: string;
  required: boolean;
  choices: readonly string[];
};
/** A command as commander knows it. `path` begins below the program: `['backup', 'create']`; the program's own is empty. */
export type CommandNode = {
  path: readonly string[];
  /** Other names of it. */
  aliases: readonly string[];
  usage: string;
  description: string;
  /** What `--help` prints below the options: examples, exit codes. */
  notes: string;
  arguments: readonly CommandArgument[];
  options: readonly CommandOption[];
  commands: readonly CommandNode[];
};

/** Returns the program with every command, read from the code that runs it. */
export async function commandTree(): Promise<CommandNode> {
  const created = createProgram();
  await addCommands(created, commandNames());
  return nodeOf(created.program, []);
}

/** Returns this command and all below it, each after the one that it belongs to. */
export const everyCommand = (node: CommandNode): CommandNode[] => [
  node,
  ...node.commands.flatMap(everyCommand),
];

function nodeOf(command: Command, path: readonly string[]): CommandNode {
  const help = command.createHelp();
  return {
    path,
    aliases: command.aliases(),
    usage: help.commandUsage(command).trim(),
    description: command.description(),
    notes: notesOf(command),
    arguments: command.registeredArguments.map(argumentOf),
    options: help.visibleOptions(command).map(optionOf),
    commands: help
      .visibleCommands(command)
      .filter((one) => one.name() !== 'help')
      .map((one) => nodeOf(one, [...path, one.name()])),
  };
}

const optionOf = (option: Option): CommandOption => ({
  flags: option.flags,
  short: option.short ?? null,
  long: option.long ?? option.short ?? '',
  takesValue: option.required || option.optional,
  choices: option.argChoices ?? [],
  description: withDefault(option.description, option.defaultValue, option.argChoices),
});

const argumentOf = (argument: Argument): CommandArgument => ({
  term: argument.required
    ? `<${argument.name()}${argument.variadic ? '...' : ''}>`
    : `[${argument.name()}${argument.variadic ? '...' : ''}]`,
  description: withDefault(argument.description, argument.defaultValue, argument.argChoices),
  required: argument.required,
  choices: argument.argChoices ?? [],
});

function withDefault(description: string, value: unknown, choices?: readonly string[]): string {
  const more = [
    ...(choices ? [`one of ${choices.map((one) => `"${one}"`).join(', ')}`] : []),
    ...(value === undefined || value === false || (Array.isArray(value) && value.length === 0)
      ? []
      : [`default: ${JSON.stringify(value)}`]),
  ];
  return more.length > 0 ? `${description} (${more.join('; ')})` : description;
}

/** The text that a command adds to its help, which commander only writes. */
/** What a build prints of itself differs from build to build; documents say where it is shown. */
function notesOf(command: Command): string {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (text) => void parts.push(text), getOutHelpWidth: () => 80 });
  const own = command.helpInformation();
  command.outputHelp();
  const written = parts.join('');
  return written.startsWith(own)
    ? written.slice(own.length).replace(verifierHash(), '(shown by "tapedeck verify --help")').trim()
    : '';
}
