import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { commandNames, createProgram, listCommands } from '../../../daemon/cli/common/program.js';
import { commandTree, everyCommand } from '../../../scripts/docs/command-tree.js';

const dist = join(import.meta.dirname, '../../../dist');
const PAGE = join(dist, 'man/tapedeck.1');
const COMPLETION = join(dist, 'completion/tapedeck.bash');
const tree = await commandTree();

t.test('the manual page is well formed and has every command with its options', async (t) => {
  const { stdout, stderr } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', PAGE], { encoding: 'utf8' });
  t.equal(stdout + stderr, '');
  const shown = spawnSync('mandoc', ['-T', 'utf8', '-O', 'width=78', PAGE], {
    encoding: 'utf8',
  }).stdout.replace(/.\x08/g, '');
  t.same(
    shown.split('\n').filter((line) => line.length > 80 && /^ {0,8}\S/.test(line)),
    [],
    'sentences fit a terminal of 80 columns',
  );
  const text = shown.replace(/\s+/g, ' ');
  for (const { path, options } of everyCommand(tree)) {
    t.ok(text.includes(`tapedeck ${path.join(' ')}`.trim()), path.join(' '));
    for (const { flags } of options) t.ok(text.includes(flags.replace(/\s+/g, ' ')), flags);
  }
});

t.test('--help lists every command once, below what it is for', async (t) => {
  const { program } = createProgram();
  listCommands({ program });
  const groups = program
    .helpInformation()
    .split(/\n(?=\S[^\n]*:\n)/)
    .map((text) => [
      /^(.*):\n/.exec(text)?.[1],
      [...text.matchAll(/^ {2}([a-z][a-z-]+)/gm)].map(([, name]) => name),
    ]);
  t.same(
    groups.slice(1).map(([heading]) => heading),
    [
      'Options',
      'Set up',
      'Daily work',
      'Keep and erase',
      'Prove',
      'Repair and move',
      'Services, started by systemd',
      'Help',
    ],
  );
  const listed = groups.slice(2, -1).flatMap(([, names]) => names);
  t.same(listed.toSorted(), commandNames().toSorted());
  t.ok(
    groups.slice(2, -2).every(([, names]) => (names?.length ?? 99) <= 10),
    'ten at most below each',
  );
});

/** What bash offers where the line ends, by the shipped script and nothing else. */
function offered(...words: string[]): string[] {
  const script = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tapedeck; printf "%s\\n" "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script, COMPLETION, 'tapedeck', ...words], {
    encoding: 'utf8',
    cwd: join(import.meta.dirname, '../../..'),
  });
  t.equal(stderr, '');
  return stdout
    .split('\n')
    .filter((one) => one !== '')
    .sort();
}

t.test('bash completes commands, options, choices and files', async (t) => {
  t.same(offered(''), tree.commands.map(({ path }) => path[0]!).sort());
  t.same(offered('back'), ['backup']);
  for (const node of everyCommand(tree)) {
    for (const { path } of node.commands)
      t.ok(offered(...node.path, '').includes(path.at(-1)!), path.join(' '));
    const options = offered(...node.path, '-');
    for (const { long } of node.options) t.ok(options.includes(long), `${node.path.join(' ')} ${long}`);
  }
  t.same(offered('policy', 'import', '--apply-to', ''), ['all', 'new']);
  t.same(
    offered('--config', '/etc/x.toml', 'policy', 'import', '--apply-to', 'a'),
    ['all'],
    'after an option of the program',
  );
  t.same(
    offered('policy', 'import', '--based-on', '4', '--apply-to', 'n'),
    ['new'],
    'after another option with a value',
  );
  t.same(offered('policy', 'import', '--based-on', ''), [], 'a number is not guessed');
  t.same(offered('--config', 'tapedeck.to'), ['tapedeck.toml.example']);
  t.same(offered('policy', 'import', 'package-l'), ['package-lock.json'], 'an argument that is a file');
  t.same(offered('nonsense', ''), offered(''), 'an unknown word does not end it');
  t.match(readFileSync(COMPLETION, 'utf8'), /^complete -F _tapedeck tapedeck$/m);
});
