import { type CommandNode, everyCommand } from './command-tree.js';

/** Returns the manual page of section 1 in the man(7) macros. `date`: the day of this version, `2026-11-28`. */
export function manPage(tree: CommandNode, { version, date }: { version: string; date: string }): string {
  const commands = everyCommand(tree).slice(1);
  return `${[
    `.TH TAPEDECK 1 ${date} "Tapedeck ${roff(version)}" "User Commands"`,
    '.SH NAME',
    'tapedeck \\- record, keep and play the calls of an Asterisk PBX',
    '.SH SYNOPSIS',
    '.B tapedeck',
    '.RI [ options ]',
    '.I command',
    '.RI [ arguments ]',
    '.SH DESCRIPTION',
    line(tree.description),
    '.PP',
    'Run',
    '.B tapedeck doctor',
    'first when something does not work: it checks everything that Tapedeck needs and tells how to fix each problem.',
    'Commands that touch the data directory give up the rights of root for those of the user',
    '.BR tapedeck .',
    '.SH OPTIONS',
    ...tree.options.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    ...(tree.notes === '' ? [] : ['.SH EXIT STATUS', line(tree.notes.replace(/^Exit codes: /, ''))]),
    '.SH FILES',
    ...FILES.flatMap(([file, what]) => ['.TP', `.I ${roff(file)}`, line(what)]),
    '.SH SEE ALSO',
    '.BR systemctl (1),',
    '.BR journalctl (1),',
    '.BR asterisk (8)',
    '.PP',
    'The documentation is under Help on the dashboard, and in',
    '.I /usr/lib/tapedeck/dist/docs',
    'as HTML and Markdown.',
  ].join('\n')}\n`;
}

const FILES: readonly [file: string, what: string][] = [
  ['/etc/tapedeck/tapedeck.toml', 'the configuration; every key is explained in tapedeck.toml.example'],
  ['/etc/tapedeck/master.key', 'the master key, without which no recording can be played'],
  ['/var/lib/tapedeck/', 'the data directory: catalogue, keys, sealed recordings'],
  ['/var/spool/asterisk/recording/', 'where Asterisk writes calls until they are sealed'],
];

function commandLines(node: CommandNode): string[] {
  const name = `tapedeck ${node.path.join(' ')}`;
  const takes = node.commands.length === 0 ? node.usage.slice(name.length).trim() : '';
  return [
    `.SS ${roff(`${name} ${takes}`.trim())}`,
    line(sentence(node.description)),
    ...node.arguments.flatMap(({ term, description }) =>
      description === '' ? [] : ['.TP', `.I ${roff(term)}`, line(description)],
    ),
    ...node.options.filter(({ long }) => long !== '--help').flatMap(optionLines),
    ...(node.notes === '' ? [] : noteLines(node.notes)),
  ];
}

/** Sentences are filled to the width of the terminal; what is indented, such as examples, stays in its lines. */
function noteLines(notes: string): string[] {
  const lines: string[] = [];
  let kept = false;
  for (const [at, text] of notes.split('\n').entries()) {
    const indented = /^\s+\S/.test(text);
    if (indented !== kept) lines.push(indented ? '.nf' : '.fi');
    kept = indented;
    if (text.trim() === '' || at === 0) lines.push('.PP');
    if (text.trim() !== '') lines.push(roffLine(indented ? text : text.trim()));
  }
  return kept ? [...lines, '.fi'] : lines;
}

const optionLines = ({ flags, description }: { flags: string; description: string }): string[] => [
  '.TP',
  `.B ${roff(flags)}`,
  line(description),
];

const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.:]$/.test(text) ? '' : '.'}`;

/** Text within a line: what roff would read as an escape, a dash or a quote is written so that it prints itself. */
const roff = (text: string): string =>
  text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('"', '\\(dq');

/** Text as lines of input: none begins with what roff takes for a request. */
const roffLine = (text: string): string => roff(text).replace(/^[.']/, '\\&$&').replace(/\s+$/, '');

const line = (text: string): string =>
  text
    .split('\n')
    .filter((part) => part.trim() !== '')
    .map((part) => roffLine(part.trim()))
    .join('\n');
