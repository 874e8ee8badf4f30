import { type Setting, sections } from '../../daemon/ops/config-schema.js';
import { type CommandNode, everyCommand } from './command-tree.js';

/** Returns the pages that are made from the code: what each is in the repository, and its text. */
export const generatedPages = (tree: CommandNode): Map<string, string> =>
  new Map([
    ['docs/reference/configuration.md', configurationPage()],
    ['docs/reference/command-line.md', commandLinePage(tree)],
  ]);

function configurationPage(): string {
  const parts = Object.entries(sections).map(
    ([name, { description, properties }]) =>
      `## \\[${name}\\]\n\n${prose(description ?? '')}\n\n${Object.entries(properties).map(settingPart).join('\n\n')}\n`,
  );
  return `# Configuration

\`/etc/tapedeck/tapedeck.toml\` says where things are: the PBX, folders, addresses, mail servers. What to record and how long to keep it
is decided on the dashboard, on the pages Policy and Retention. Every key may be left out; its default then applies. A relative path
counts from the folder of the file. After a change, run \`tapedeck doctor\`, then \`systemctl restart tapedeck tapedeck-web\`.

This page is made from the schema that checks the file. \`tapedeck.toml.example\` has the same keys as a file.

${parts.join('\n')}`;
}

function settingPart([key, setting]: [string, Setting]): string {
  const value =
    setting.default !== undefined
      ? `default \`${JSON.stringify(setting.default)}\``
      : setting.examples
        ? `not set; for example \`${JSON.stringify(setting.examples[0])}\``
        : 'not set';
  const below = setting.properties
    ? `\n\n${Object.entries(setting.properties)
        .map(
          ([name, one]) =>
            `  - \`${name}\`: ${prose(one.description ?? '')}${one.default === undefined ? '' : ` Default \`${JSON.stringify(one.default)}\`.`}`,
        )
        .join('\n')}`
    : '';
  return `- **\`${key}\`** (${value})${'  '}\n  ${prose(setting.description ?? '')}${below}`;
}

/** Text for Markdown and for Vue, in which angle brackets and braces would be markup. */
const prose = (text: string): string =>
  text.replaceAll('<', '&lt;').replaceAll('{{', '&#123;{').replaceAll('[', '\\[');

function commandLinePage(tree: CommandNode): string {
  const parts = everyCommand(tree)
    .slice(1)
    .map((node) => commandPart(node));
  return `# Command line

Every command with its arguments and options, made from the program itself. The page [Commands](commands.md) explains the commands that
need it. The same is in \`man tapedeck\`, and each command prints its part with \`--help\`.

These options may stand before or after any command:

${tree.options.map(optionPart).join('\n')}

${parts.join('\n')}`;
}

function commandPart(node: CommandNode): string {
  const name = `tapedeck ${node.path.join(' ')}`;
  const description = `${node.description.slice(0, 1).toUpperCase()}${node.description.slice(1)}${/[.:]$/.test(node.description) ? '' : '.'}`;
  if (
    node.commands.length > 0 &&
    node.arguments.length === 0 &&
    node.options.every(({ long }) => long === '--help')
  )
    return `${'#'.repeat(Math.min(node.path.length + 1, 3))} ${name}\n\n${prose(description)}\n`;
  const things = [
    ...node.arguments
      .filter(({ description: text }) => text !== '')
      .map(({ term, description: text }) => `- \`${term}\`: ${prose(text)}`),
    ...node.options.filter(({ long }) => long !== '--help').map(optionPart),
  ];
  return [
    `${'#'.repeat(Math.min(node.path.length + 1, 3))} ${name}\n`,
    `${prose(description)}\n`,
    `    ${node.usage}\n`,
    ...(things.length > 0 ? [`${things.join('\n')}\n`] : []),
    ...(node.notes === '' ? [] : [`\`\`\`text\n${node.notes}\n\`\`\`\n`]),
  ].join('\n');
}

const optionPart = ({ flags, description }: { flags: string; description: string }): string =>
  `- \`${flags}\`: ${prose(description)}`;
