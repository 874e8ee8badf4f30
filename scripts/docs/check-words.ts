import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Setting, sections } from '../../daemon/ops/config-schema.js';
import type { CommandNode } from './command-tree.js';

/** What a document names that can be looked up: inline code, and the lines of its code blocks. */
type Code = { inline: string[]; blocks: string[] };

/** Returns the code of a document. A block is indented by four spaces or more, or between fences. */
export function codeOf(text: string): Code {
  const inline: string[] = [];
  const blocks: string[] = [];
  let fenced = false;
  let before = '';
  let inBlock = false;
  for (const line of text.split('\n')) {
    if (/^\s*```/.test(line)) fenced = !fenced;
    else if (fenced || (/^ {4,}\S/.test(line) && (inBlock || before.trim() === ''))) {
      // A paragraph of a list item is indented too; code has no sentence in it.
      inBlock = true;
      blocks.push(line.trim());
    } else {
      if (line.trim() !== '') inBlock = false;
      for (const [, code] of line.matchAll(/`([^`]+)`/g)) inline.push(code!);
    }
    before = line;
  }
  return { inline, blocks };
}

/** Returns what is wrong with the `tapedeck` commands in this code: unknown commands and options. */
export function commandFaults({ inline, blocks }: Code, tree: CommandNode): string[] {
  const lines = [
    ...inline.filter((code) => code.startsWith('tapedeck ')),
    ...blocks.flatMap((line) =>
      [
        ...line.matchAll(
          /(?:^|&& |[|;] |runuser -u tapedeck -- |sudo |=)(?:\/usr\/bin\/)?(tapedeck [^&;>]*)/g,
        ),
      ].map(([, command]) => command!),
    ),
  ];
  return lines.flatMap((line) => {
    const fault = commandFault(line.replaceAll('\\|', '|').split(/\s+/).slice(1), tree);
    return fault === null ? [] : [`${fault}: ${line}`];
  });
}

function commandFault(words: string[], tree: CommandNode): string | null {
  let nodes = [tree];
  const wordsAs = (word: string) => word.replace(/[[\]"']/g, '').split('|');
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '[options]' || word === '[command]') continue;
    if (/^\[?--?[a-z]/.test(word)) {
      const name = wordsAs(word.replace(/[\]….,]+$/, '').split('=')[0]!)[0]!;
      const option = [...nodes, tree]
        .flatMap((node) => node.options)
        .find(({ short, long }) => name === long || name === short);
      if (option === undefined) return `no option ${name}`;
      if (option.takesValue && !word.includes('=')) at++;
    } else if (nodes.some((node) => node.commands.length > 0)) {
      const names = wordsAs(word).filter((name) => !/^[A-Z…<]|^\.\.\.$/.test(name));
      const next = names.map((name) =>
        nodes
          .flatMap((node) => node.commands)
          .find(({ path, aliases }) => path.at(-1) === name || aliases.includes(name)),
      );
      const missing = names.find((_, index) => next[index] === undefined);
      // A command with commands may also take arguments: `tapedeck requests 7`.
      if (missing !== undefined && !nodes.some((node) => node.arguments.length > 0))
        return `no command ${missing}`;
      if (next.length > 0 && missing === undefined) nodes = next.map((node) => node!);
    }
  }
  return null;
}

/** Returns the configuration keys that this code names and `tapedeck.toml` does not have. */
export function keyFaults({ inline, blocks }: Code): string[] {
  const named = inline.flatMap((code) => {
    const [, section, key] = /^\[+(\w+(?:\.\w+)?)\]+ ([a-z][a-z0-9_]+)/.exec(code) ?? [];
    return section && key ? [{ section, key }] : [];
  });
  let section = '';
  for (const line of blocks) {
    section = /^\[+([^\]]+)\]+$/.exec(line)?.[1] ?? section;
    const key = /^([a-z][a-z0-9_]*) = /.exec(line)?.[1];
    if (key !== undefined && section !== '') named.push({ section, key });
  }
  return named.flatMap(({ section: name, key }) => {
    const [first = '', second] = name.split('.');
    const top = sections[first];
    if (top === undefined) return [];
    const keys: Record<string, Setting> | undefined =
      second === undefined ? top.properties : top.properties[second]?.properties;
    // A list of tables, such as [[ldap.roles]], has a schema of its own.
    if (keys === undefined)
      return top.properties[second!] === undefined ? [`no [${name}] in tapedeck.toml`] : [];
    return key in keys ? [] : [`no ${key} in [${name}] of tapedeck.toml`];
  });
}

const IN_REPOSITORY = /^(?:daemon|web|test|scripts|docs|systemd|asterisk-conf|prompts)\/[\w.@/-]+$/;
/** Files of the data directory that begin like folders of the repository. */
const DATA = /^web\/web\.db/;

/** Returns the files of the repository that this code names and that do not exist. */
export const fileFaults = ({ inline }: Code, root: string): string[] =>
  inline
    .filter((code) => IN_REPOSITORY.test(code) && !DATA.test(code))
    // Modules are named without their ending.
    .filter(
      (code) =>
        !['', '.ts', '.tsx'].some((ending) => existsSync(join(root, code.replace(/\/$/, '') + ending))),
    )
    .map((code) => `no file ${code}`);
