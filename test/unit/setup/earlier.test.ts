import { join } from 'node:path';
import t from 'tap';
import { offerImport } from '../../../daemon/cli/setup/steps/earlier.js';
import type { Terminal } from '../../../daemon/cli/setup/talk/terminal.js';

t.test('earlier recordings are offered for import, once', async (t) => {
  const dir = t.testdir({
    theirs: { 2024: { '01': { 'in-1-2-20240102-030405-1.1.wav': '', 'notes.txt': '' } } },
    none: { 'notes.txt': '', loop: t.fixture('symlink', '../theirs') },
  });
  const [folder, none] = [join(dir, 'theirs'), join(dir, 'none')];
  const asked: string[][] = [];
  const lab = async (given: { folder: string; typed?: string[]; jobs?: object[] }) => {
    const said: string[] = [];
    const tapedeck = async (args: readonly string[]) => {
      if (args[0] === 'jobs') return { code: 0, out: JSON.stringify(given.jobs ?? []) };
      asked.push([...args]);
      return { code: 0, out: `did ${args.join(' ')}\n` };
    };
    const say = (text = '') => void said.push(text);
    const terminal = { title: say, note: say, say, ask: async () => given.typed!.shift()! };
    const asks = given.typed !== undefined;
    await offerImport(terminal as unknown as Terminal, tapedeck as never, { folder: given.folder, asks });
    return said.join('\n');
  };
  t.equal(await lab({ folder: none }), '');
  t.equal(await lab({ folder: join(none, 'not-there'), typed: [] }), '');
  t.match(await lab({ folder }), /has earlier recordings.*"tapedeck import --dry-run/);
  t.match(await lab({ folder, typed: ['no'] }), /later, run "tapedeck import --dry-run/);
  t.same(asked, [], 'nothing is imported that was not asked for');
  t.match(
    await lab({ folder, typed: ['perhaps', 'look', 'y'] }),
    /Type look, yes or no[\s\S]*did import --dry-run[\s\S]*did import[\s\S]*runs in the background/,
  );
  t.same(asked, [
    ['import', '--dry-run', folder],
    ['import', folder],
  ]);
  t.equal(await lab({ folder, jobs: [{ kind: 'import', state: 'done' }] }), '', 'it was imported before');
});
