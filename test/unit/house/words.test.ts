import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

/** Phrases that readers stumbled over, with what to write instead. docs/reference/glossary.md has the words that Tapedeck uses. */
const ROOT = join(import.meta.dirname, '../../..');
const REFUSED: [phrase: RegExp, instead: string][] = [
  [/\b(he|him|his|himself)\b/i, 'they, them, their'],
  [/\bblind windows?\b/i, 'monitoring gap'],
  [/\bbeing made\b|\bto be made\b/i, 'processing, waiting to be processed'],
  [/\bgone wrong\b|\bsomething went wrong\b/i, 'what happened, and what to do'],
  [/\bis not for you\b/i, "you don't have access to"],
  [/\bthe breaker\b/i, 'the safety limit'],
  [/\b[KMG]iB\b/, 'KB, MB, GB: powers of 1,000'],
  [/\be-mail\b/i, 'mail, email'],
  [/\blog ?in\b|\blogged in\b/i, 'sign in, signed in'],
  [/\bplease\b/i, 'the verb alone'],
];

/** What people read: pages, errors, the command line, documents. Comments and tests' names keep to the first line only. */
const READ = [
  ...['web/ui/messages', 'daemon/cli', 'daemon/domain/error.ts', 'docs', 'systemd'],
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'],
  'tapedeck.toml.example',
];
const PERSONS = ['daemon', 'web', 'test', 'scripts'];

const files = (paths: string[]) =>
  execFileSync('git', ['ls-files', ...paths], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n');

/** The lines of a text that people read: of a program its strings, of a document all. */
function lines(file: string, text: string): string[] {
  if (!/\.tsx?$/.test(file)) return text.split('\n');
  return text
    .split('\n')
    .filter((line) => /['"`]/.test(line) && !/^\s*(import|export .* from|\/\/|\*|\/\*)/.test(line));
}

const faults = (file: string, text: string, refused = REFUSED): string[] =>
  lines(file, text).flatMap((line) =>
    refused
      .filter(([phrase]) => phrase.test(line))
      .map(([, instead]) => `${file}: ${line.trim().slice(0, 100)} (write: ${instead})`),
  );

t.test('what people read has no phrase that readers stumbled over', async (t) => {
  const read = files(READ).filter((file) => /\.(tsx?|md|example)$/.test(file));
  t.ok(read.length > 40);
  t.same(
    read.flatMap((file) => faults(file, readFileSync(join(ROOT, file), 'utf8'))),
    [],
  );
});

t.test('nobody is taken for a man', async (t) => {
  const [they] = REFUSED;
  // The released entries are never edited; the names of the hostile texts are what somebody else wrote.
  const left = /migrations\.ts$|hostile|words\.test|fixtures|golden/;
  const all = files(PERSONS).filter((file) => /\.(tsx?|mjs)$/.test(file) && !left.test(file));
  t.same(
    all.flatMap((file) =>
      readFileSync(join(ROOT, file), 'utf8')
        .split('\n')
        .filter((line) => they![0].test(line))
        .map((line) => `${file}: ${line.trim()}`),
    ),
    [],
  );
});

t.test('a phrase is found', async (t) => {
  t.equal(faults('web/ui/messages/x.ts', "  title: 'Who is it? He is not there',").length, 1);
  t.equal(faults('docs/x.md', 'The blind window ended.').length, 1);
  t.same(faults('web/ui/messages/x.ts', '// the breaker is what the code calls it'), []);
});
