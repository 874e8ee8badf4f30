import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ALARMS } from '../../../daemon/domain/operations/alarm-codes.js';
import { checkDocuments, checkLinks } from '../../../scripts/docs/check.js';
import { codeOf, commandFaults, fileFaults, keyFaults } from '../../../scripts/docs/check-words.js';
import { commandTree } from '../../../scripts/docs/command-tree.js';
import { RUNBOOKS } from '../../../web/ui/health/runbooks.js';

const ROOT = join(import.meta.dirname, '../../..');

t.test(
  'every command, option, key and file that a document names exists, and all are documented',
  async (t) => t.same(await checkDocuments(ROOT), []),
);

t.test('what does not exist is found', async (t) => {
  const tree = await commandTree();
  const faults = (text: string) => commandFaults(codeOf(text), tree);
  t.match(faults('Run `tapedeck backup crate`.'), [/^no command crate/]);
  t.match(faults('Run `tapedeck backup create --wiat`.'), [/^no option --wiat/]);
  t.match(faults('Then:\n\n    systemctl stop tapedeck && tapedeck veirfy --all\n'), [/^no command veirfy/]);
  t.match(faults('1. First:\n\n        tapedeck keys seal --with-kye tpm2\n'), [/^no option --with-kye/]);
  t.match(faults('```\ntapedeck nonsense\n```'), [/^no command nonsense/]);
  t.match(faults('| `tapedeck lists show\\|ad\\|…` |'), [/^no command ad:/]);
  t.same(faults('`tapedeck lists show\\|add\\|…`, `tapedeck export CALL --output FILE`'), []);
  t.same(faults('The user `tapedeck` has it.'), []);
  const keys = (text: string) => keyFaults(codeOf(text));
  t.match(keys('Set `[web] adress`.'), [/^no adress in \[web\]/]);
  t.match(keys('So:\n\n    [backup.s3]\n    bukket = "x"\n'), [/^no bukket in \[backup.s3\]/]);
  t.same(keys('So:\n\n    [[pbx]]\n    name = "x"\n\n    [Service]\n    nothing = "ours"\n'), []);
  t.same(fileFaults(codeOf('See `scripts/nothing` and `scripts/demo`.'), ROOT), ['no file scripts/nothing']);
});

t.test('dead links and anchors of the built site are found', async (t) => {
  const link = (href: string) => `<a class="x" href="${href}">x</a>`;
  const out = t.testdir({
    'index.html':
      link('/help/operate/a.html#here') + link('/help/operate/') + link('/') + link('https://example.com/x'),
    operate: {
      'index.html': '',
      'a.html': `<h2 id="here">${link('#here')}${link('#nowhere')}${link('b.html')}${link('../index.html#x')}</h2>`,
    },
  });
  t.same(checkLinks(out), [
    'operate/a.html links to #nowhere, which has no such place',
    'operate/a.html links to b.html, which does not exist',
    'operate/a.html links to ../index.html#x, which has no such place',
  ]);
});

t.test('every link of the dashboard to Help leads to a page', async (t) => {
  const page = (name: string) => existsSync(join(ROOT, 'docs', `${name}.md`));
  for (const [code, name] of Object.entries(RUNBOOKS)) {
    t.ok(code in ALARMS, `${code} is an alarm`);
    t.ok(page(`runbooks/${name}`), name);
  }
  const pages = readFileSync(join(ROOT, 'web/ui/shell/pages.tsx'), 'utf8');
  const named = [...pages.matchAll(/name: '([a-z]+)'/g)].map(([, name]) => name!);
  const [, other = ''] = /const HELP[^{]*{([^}]*)}/.exec(pages)!;
  const elsewhere = new Map(
    [...other.matchAll(/'?([\w-]+)'?: '([^']+)'/g)].map(([, name, to]) => [name!, to!]),
  );
  t.ok(named.length > 15 && elsewhere.size > 3);
  for (const name of named)
    if (elsewhere.get(name) !== 'index') t.ok(page(elsewhere.get(name) ?? `dashboard/${name}`), name);
  for (const to of elsewhere.values()) t.ok(to === 'index' || page(to), to);
});
