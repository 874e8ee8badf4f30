import { builtinModules } from 'node:module';
import t from 'tap';
import ts from 'typescript';
import { importsOf, parse, sources, walk, within } from '../../support/imports.js';

type Source = { path: string; text: string };
const isNode = (name: string): boolean => name.startsWith('node:') || builtinModules.includes(name);

const every = sources.flatMap(importsOf);

t.test('the environment is read in ops only', async (t) => {
  const readers = sources.filter(({ text }) =>
    /\bprocess\s*(\.|\[['"])\s*env\b|import\s*\{[^}]*\benv\b[^}]*\}\s*from\s*'node:process'/.test(text),
  );
  t.same(readers.map((s) => s.path).sort(), [
    'daemon/ops/process/console.ts',
    'daemon/ops/process/environment.ts',
    'daemon/ops/process/notify.ts',
    'daemon/ops/process/package-notices.ts',
    'daemon/ops/process/passed-socket.ts',
    'daemon/ops/process/restart-dashboard.ts',
    'daemon/ops/secrets/secret.ts',
  ]);
});

/** Where a program is started through a shell, or could be. */
function shells(source: Source): string[] {
  const found: string[] = [];
  const file = parse(source);
  const starts = importsOf(source).some((i) => /^(node:)?child_process$/.test(i.to));
  walk(file, (node) => {
    if (ts.isPropertyAssignment(node) && node.name.getText(file).replace(/['"]/g, '') === 'shell')
      if (node.initializer.kind !== ts.SyntaxKind.FalseKeyword) found.push(node.getText(file));
    if (!starts || !ts.isCallExpression(node)) return;
    const called = node.expression;
    const name = ts.isIdentifier(called)
      ? called.text
      : ts.isPropertyAccessExpression(called)
        ? called.name.text
        : '';
    // The exec of a RegExp or of a database is not one of child_process.
    const bare =
      ts.isIdentifier(called) || /^(cp|child_?process)$/i.test(called.getText(file).split('.')[0]!);
    if (bare && (name === 'exec' || name === 'execSync')) found.push(node.getText(file));
  });
  return found;
}

t.test('no program is started through a shell', async (t) => {
  for (const source of sources) {
    const found = shells(source);
    if (found.length > 0) t.same(found, [], source.path);
  }
  const path = 'daemon/x.ts';
  const from = `from 'node:child_process';`;
  for (const text of [
    `import { exec } ${from} exec('ls');`,
    `import { execSync } ${from} execSync('ls');`,
    `import cp ${from} cp.exec('ls');`,
    `import * as child_process ${from} child_process.exec('ls');`,
    `import { spawn } ${from} spawn('ls', [], { shell: true });`,
    `import { spawn } ${from} spawn('ls', [], { 'shell': '/bin/sh' });`,
  ])
    t.equal(shells({ path, text }).length, 1, text);
  t.same(
    shells({ path, text: `import { execFile } ${from} execFile('ls', []); /a/.exec('a'); db.exec('');` }),
    [],
  );
});

t.test('the store alone makes a path of a recording', async (t) => {
  // recording.ts says what a row may name, a migration what one named; the folder itself is made by data-folder, and looked at by doctor.
  const named = sources.filter(({ text }) => text.includes('.opus.age')).map(({ path }) => path);
  t.same(named.sort(), [
    'daemon/catalogue/sqlite/migrations.ts',
    'daemon/domain/paths.ts',
    'daemon/domain/recording/recording.ts',
    'daemon/vault/store/disk.ts',
  ]);
  const folders = sources.filter(({ text }) => /\brecordingsFolder\b/.test(text));
  t.same(folders.map(({ path }) => path).sort(), [
    'daemon/cli/doctor/access.ts',
    'daemon/domain/paths.ts',
    'daemon/vault/data-folder.ts',
    'daemon/vault/store/disk.ts',
  ]);
  const joined = /\b(join\(|\$\{)[^;]*\b(recording|r|row)\.file\b/;
  t.same(
    sources.filter(({ text }) => joined.test(text)).map(({ path }) => path),
    [],
  );
});

t.test('a package that talks to the outside has one file that knows it', async (t) => {
  for (const [name, file] of [
    ['@peculiar/x509', 'daemon/tls/authority'],
    ['acme-client', 'daemon/tls/acme'],
    ['ari-client', 'daemon/pbx/ari'],
    ['asterisk-manager', 'daemon/pbx/ami'],
    ['fluent-ffmpeg', 'daemon/encode/ffmpeg'],
    ['@simplewebauthn/server', 'daemon/requests/passkeys'],
    ['ldapts', 'daemon/directory/ldap'],
    ['mysql2/promise', 'daemon/cdr/mysql'],
    ['nodemailer', 'daemon/notify/mail'],
    ['openid-client', 'daemon/directory/oidc'],
    ['otpauth', 'daemon/ops/secrets/totp'],
    ['node-cron', 'daemon/ops/schedule'],
    ['ws', 'daemon/pbx/ari-stream'],
  ] as const)
    t.same([...new Set(every.filter((i) => i.to === name).map((i) => i.from))], [file], name);
});

t.test('the domain has no clock and no chance, and waits for nothing', async (t) => {
  for (const { path, text } of sources.filter((s) => within(s.path, 'daemon/domain')))
    t.notMatch(
      text,
      /\bDate\.now\(|new Date\(\)|\bMath\.random\(|\bawait\b|\bsetTimeout\(|\bperformance\./,
      path,
    );
});

t.test('what Node brings is imported by its full name', async (t) => {
  t.same(
    every.filter((i) => isNode(i.to) && !i.to.startsWith('node:')).map((i) => `${i.from} imports ${i.to}`),
    [],
  );
});

t.test('the desk is styled whole from the start', async (t) => {
  // Styles that come with a page's code come when its link is pointed at: what is there moves from under the click.
  const styled = every.filter((i) => i.to.endsWith('.css')).map((i) => i.from);
  t.same([...new Set(styled)], ['web/ui/main']);
});
