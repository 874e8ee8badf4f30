import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';

/** The list of calls is there before the messages of other pages are: nothing that it consists of may use one of them. */
const UI = join(import.meta.dirname, '../../../web/ui');
const IMPORT = /^(?:import|export)\s(?!type\b)(?:[^;]*?\sfrom\s)?'(\.[^']+)\.js'/gms;
const { pageMessages } = await import(pathToFileURL(join(UI, 'messages/en/page-messages.ts')).href);
const OTHERS = new Set(Object.keys(pageMessages));

/** A file and all that it imports at once, in the dashboard alone. */
function loadedWith(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file) || !file.startsWith(UI)) return found;
  found.add(file);
  for (const [, name] of readFileSync(file, 'utf8').matchAll(IMPORT))
    for (const ending of ['.ts', '.tsx']) {
      const imported = join(dirname(file), name! + ending);
      if (existsSync(imported)) loadedWith(imported, found);
    }
  return found;
}

const usedTooEarly = (source: string): string[] => [
  ...[...source.matchAll(/\bt\.(\w+)/g)].map(([, name]) => name!).filter((name) => OTHERS.has(name)),
  ...(source.match(/=\s*t\s*[;,)]|\.\.\.t\b/g) ?? []),
];

t.test('the list of calls uses no message that comes later', async (t) => {
  const files = loadedWith(join(UI, 'main.tsx'));
  for (const file of loadedWith(join(UI, 'calls/calls.tsx'))) files.add(file);
  t.ok(files.has(join(UI, 'shell/navigation.tsx')) && files.has(join(UI, 'kit/error-note.tsx')));
  t.notOk(files.has(join(UI, 'policy/policy.tsx')));
  for (const file of files)
    if (!file.endsWith('messages/language.ts')) t.same(usedTooEarly(readFileSync(file, 'utf8')), [], file);
});

t.test('what is used too early is found', async (t) => {
  t.same(usedTooEarly('<p>{t.policy.title}</p>'), ['policy']);
  t.same(usedTooEarly('const { policy } = t;'), ['= t;']);
  t.same(usedTooEarly('<p>{t.calls.title}</p>'), []);
});
