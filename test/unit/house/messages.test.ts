import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import ts from 'typescript';
import { type ErrorCode, errors, hintForOthers } from '../../../daemon/domain/error.js';
import {
  count,
  listAnd,
  listOr,
  percent,
  percentage,
  plural,
  setLocale,
} from '../../../web/ui/messages/locale.js';
import { accented, pseudo } from '../../../web/ui/messages/pseudo.js';

/** What the dashboard says stands in its messages, a folder for each language, and is read where it is shown. */
const ROOT = join(import.meta.dirname, '../../..');
const UI = 'web/ui';
const MESSAGES = `${UI}/messages`;
const LANGUAGE = `${MESSAGES}/language`;

type Source = { path: string; text: string };

/** The pages; what is in an evidence pack is a page of its own, in English. */
const sources: Source[] = readdirSync(join(ROOT, UI), { recursive: true, encoding: 'utf8' })
  .map((file) => `${UI}/${file}`)
  .filter((path) => /\.tsx?$/.test(path) && !path.startsWith(`${UI}/verify/`))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
const languages = readdirSync(join(ROOT, MESSAGES), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

const parse = ({ path, text }: Source) => ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** The names by which a file knows the messages. */
function namesOfMessages(file: ts.SourceFile): Set<string> {
  const found = new Set<string>();
  for (const one of file.statements) {
    if (!ts.isImportDeclaration(one) || !ts.isStringLiteral(one.moduleSpecifier)) continue;
    const from = normalize(join(dirname(file.fileName), one.moduleSpecifier.text)).replace(/\.js$/, '');
    const names = one.importClause?.namedBindings;
    if (from !== LANGUAGE || !names || !ts.isNamedImports(names)) continue;
    for (const { name, propertyName } of names.elements)
      if ((propertyName ?? name).text === 't') found.add(name.text);
  }
  return found;
}

const isMessages = (node: ts.Node, names: Set<string>): boolean =>
  ts.isIdentifier(node) &&
  names.has(node.text) &&
  !ts.isImportSpecifier(node.parent) &&
  !ts.isTypeQueryNode(ts.findAncestor(node, (n) => !ts.isQualifiedName(n) && n !== node) ?? node) &&
  !(ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) &&
  !(ts.isPropertyAssignment(node.parent) && node.parent.name === node);

const line = (file: ts.SourceFile, node: ts.Node): string =>
  `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}: ${node.getText(file).slice(0, 80)}`;

/** Where messages are read as the file is loaded, before it is known which language they are in. */
function readTooEarly(source: Source): string[] {
  const file = parse(source);
  const names = namesOfMessages(file);
  const found: string[] = [];
  walk(file, (node) => {
    if (isMessages(node, names) && !ts.findAncestor(node, ts.isFunctionLike))
      found.push(line(file, node.parent));
  });
  return found;
}

/** Attributes, ours among them, whose texts people see or hear. */
const SHOWN =
  /^(title|alt|placeholder|label|help|error|legend|button|busyButton|none|otherwise|note|add|wrong|aria-(label|description|roledescription|valuetext|placeholder))$/;

/** Texts with letters that an expression can come to. */
function literals(node: ts.Node): ts.Node[] {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node))
    return /\p{L}/u.test(node.text) ? [node] : [];
  if (ts.isTemplateExpression(node))
    return [node.head, ...node.templateSpans.map((span) => span.literal)].some((part) =>
      /\p{L}/u.test(part.text),
    )
      ? [node]
      : node.templateSpans.flatMap((span) => literals(span.expression));
  if (ts.isConditionalExpression(node)) return [...literals(node.whenTrue), ...literals(node.whenFalse)];
  if (ts.isBinaryExpression(node))
    return [...literals(node.left), ...literals(node.right)].filter(() => !isTest(node));
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node))
    return literals(node.expression);
  return [];
}

const isTest = ({ operatorToken }: ts.BinaryExpression): boolean =>
  [ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken].includes(
    operatorToken.kind,
  );

const opening = (node: ts.Node): ts.JsxOpeningLikeElement | null => {
  if (ts.isJsxElement(node)) return node.openingElement;
  return ts.isJsxSelfClosingElement(node) ? node : null;
};

/** Whether an element is marked as data: always, or where its attribute says so. */
function mark(element: ts.JsxOpeningLikeElement): 'always' | 'sometimes' | null {
  for (const one of element.attributes.properties) {
    if (!ts.isJsxAttribute(one) || one.name.getText() !== 'translate' || !one.initializer) continue;
    return one.initializer.getText() === '{false}' ? 'always' : 'sometimes';
  }
  return null;
}

const marked = (node: ts.Node): boolean =>
  ts.findAncestor(node, (n) => {
    const element = opening(n);
    return element !== null && mark(element) === 'always';
  }) !== undefined;

/** Texts that are shown and are no messages. */
function texts(source: Source): string[] {
  const file = parse(source);
  const found: ts.Node[] = [];
  walk(file, (node) => {
    if (ts.isJsxText(node) && /\p{L}/u.test(node.text)) found.push(node);
    if (ts.isJsxExpression(node) && node.expression && !ts.isJsxAttribute(node.parent))
      found.push(...literals(node.expression));
    if (ts.isJsxAttribute(node) && node.initializer && SHOWN.test(node.name.getText(file)))
      found.push(
        ...literals(
          ts.isJsxExpression(node.initializer) && node.initializer.expression
            ? node.initializer.expression
            : node.initializer,
        ),
      );
    if (ts.isCallExpression(node) && node.expression.getText(file) === 'announce')
      found.push(...node.arguments.flatMap(literals));
    if (ts.isBinaryExpression(node) && node.left.getText(file) === 'document.title')
      found.push(...literals(node.right));
    if (ts.isPropertyAssignment(node) && /^(message|hint)$/.test(node.name.getText(file)))
      found.push(...literals(node.initializer));
  });
  return found.filter((node) => !marked(node)).map((node) => line(file, node));
}

/** Messages in elements that are marked as data. */
function messagesInData(source: Source): string[] {
  const file = parse(source);
  const names = namesOfMessages(file);
  const found: string[] = [];
  walk(file, (node) => {
    if (isMessages(node, names) && marked(node)) found.push(line(file, node.parent));
  });
  return found;
}

const outside = sources.filter(
  ({ path }) => !languages.some((name) => path.startsWith(`${MESSAGES}/${name}/`)),
);

t.test('no message is read before its language is known', async (t) => {
  t.ok(outside.some((source) => namesOfMessages(parse(source)).size > 0));
  t.same(outside.flatMap(readTooEarly), []);
  const path = `${UI}/calls/x.tsx`;
  const from = `import { t } from '../messages/language.js';`;
  for (const text of [
    'const words = t.calls;',
    'const { title } = t.calls;',
    'export const labels = { a: t.calls.title };',
    'const x = [t.calls.title].map((one) => one);',
    'const X = <p>{t.calls.title}</p>;',
  ])
    t.equal(readTooEarly({ path, text: `${from}\n${text}` }).length, 1, text);
  for (const text of [
    'const title = () => t.calls.title;',
    'function f() { const words = t.calls; return words; }',
    'type Kind = keyof typeof t.calls.directions;',
    'const x = { t: 1 }; const y = x.t;',
  ])
    t.same(readTooEarly({ path, text: `${from}\n${text}` }), [], text);
});

t.test('what a page shows stands in the messages', async (t) => {
  t.same(outside.flatMap(texts), []);
  const path = `${UI}/calls/x.tsx`;
  for (const text of [
    '<p>Calls</p>',
    '<p>{"Calls"}</p>',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    '<p>{n > 1 ? `${n} calls` : "one call"}</p>',
    '<p>{busy && "Loading"}</p>',
    '<input placeholder="Search" />',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    '<Field label={`Number ${n}`} />',
    '<button aria-label={on ? t.a : "Off"} />',
    '<img alt={name || "nobody"} />',
  ])
    t.not(texts({ path, text: `const x = ${text};` }).length, 0, text);
  for (const text of [
    'announce("Saved")',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    'document.title = `Calls of ${name}`',
    'throw new ApiError(0, { message: "No." })',
  ])
    t.equal(texts({ path, text }).length, 1, text);
  for (const text of [
    '<p class="quiet">{t.calls.title}: 12 – 13</p>',
    '<p class={wide ? "wide" : "narrow"}>{a === "b" ? t.a : t.b}</p>',
    '<code translate={false}>tapedeck verify {id}</code>',
    '<input name="theme" type="radio" />',
  ])
    t.same(texts({ path, text: `const x = ${text};` }), [], text);
});

t.test('what is marked as data has no message in it', async (t) => {
  t.same(outside.flatMap(messagesInData), []);
  const path = `${UI}/calls/x.tsx`;
  const from = `import { t } from '../messages/language.js';`;
  t.equal(
    messagesInData({ path, text: `${from} const f = () => <p translate={false}>{t.a}</p>;` }).length,
    1,
  );
  t.equal(
    messagesInData({ path, text: `${from} const f = () => <i title={t.a} translate={false} />;` }).length,
    1,
  );
  t.same(
    messagesInData({ path, text: `${from} const f = () => <p>{t.a} <b translate={false}>{x}</b></p>;` }),
    [],
  );
});

const load = async (language: string): Promise<Record<string, unknown>> => {
  const file = (name: string) => import(pathToFileURL(join(ROOT, MESSAGES, language, name)).href);
  const [{ messages }, { pageMessages }] = await Promise.all([file('messages.ts'), file('page-messages.ts')]);
  return { ...messages, ...pageMessages };
};

/** Each message by its path, with what it is. */
function shape(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [`${path}: list of ${value.length}`];
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([key, one]) => shape(one, `${path}.${key}`));
}

t.test('every language has the same messages, and is one to choose', async (t) => {
  const table = readFileSync(join(ROOT, `${LANGUAGE}.ts`), 'utf8');
  const english = shape(await load('en'));
  t.ok(english.length > 500);
  for (const language of languages) {
    t.same(shape(await load(language)), english, language);
    t.match(table, `import('./${language}/messages.js')`);
    t.match(table, `import('./${language}/page-messages.js')`);
  }
  t.same(shape(pseudo(await load('en'))), english, 'the pseudo-language');
});

t.test('a message in the pseudo-language is in brackets, accented and a third longer', async (t) => {
  const { a, b, c, d } = pseudo({
    a: 'Download as CSV',
    b: ({ name, n }: { name: string; n: number }) => `${name} has ${n} calls`,
    c: '↑ ↓',
    d: [['K'], 'Play or pause'],
  });
  t.equal(a, '⟦Đöŵñłöáđ áš ÇŠṼ ·····⟧');
  t.equal(b({ name: 'Anna', n: 3 }), '⟦Anna ĥáš 3 çáłłš ····⟧', 'what is given to it stays as it is');
  t.equal(b({ name: 'call', n: 3 }).slice(0, 10), '⟦call ĥáš ', 'also where it is a part of the words');
  t.equal(c, '↑ ↓', 'a sign is no message');
  t.same(d, [['⟦Ķ·⟧'], '⟦Þłáý öř þáüšé ·····⟧']);
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  t.equal(new Set(accented(letters)).size, letters.length, 'each letter has an accented one of its own');
  t.notMatch(accented(letters), /[a-z]/i);
});

t.test('numbers, plurals and lists are those of the language', async (t) => {
  t.teardown(() => setLocale('en-GB'));
  const all = (tag: string) => {
    setLocale(tag);
    const forms = { one: 'one', few: 'few', many: 'many', other: 'other' };
    return [
      percentage(99.99),
      percent(0.25),
      count(1234567),
      listAnd(['1', '2', '3']),
      listOr(['1', '2']),
      [1, 2, 5].map((n) => plural(n, forms)),
    ].map((text) => (typeof text === 'string' ? text.replace(/[\u00a0\u202f]/g, ' ') : text));
  };
  t.same(all('en-GB'), ['99.99%', '25%', '1,234,567', '1, 2 and 3', '1 or 2', ['one', 'other', 'other']]);
  t.same(all('de'), ['99,99 %', '25 %', '1.234.567', '1, 2 und 3', '1 oder 2', ['one', 'other', 'other']]);
  t.same(all('fr'), ['99,99 %', '25 %', '1 234 567', '1, 2 et 3', '1 ou 2', ['one', 'other', 'other']]);
  t.same(all('pl')[5], ['one', 'few', 'many'], 'also where there are more forms than two');
  t.equal(plural(5, { other: 'other' }), 'other', 'a form that a language does not tell apart');
});

type Words = { message: string; hint: string; others?: string };
/** Pages have the quotes of the typographer, terminals those of the typewriter. */
const plain = (text: string): string => text.replaceAll('’', "'").replace(/[“”]/g, '"');

t.test('the page words an error as the server does', async (t) => {
  const { server } = ((await load('en')) as { errors: { server: Record<string, Words> } }).errors;
  const answered = (Object.keys(errors) as ErrorCode[]).filter((code) => errors[code].status !== undefined);
  t.same(Object.keys(server).sort(), answered.sort(), 'every error that has a status');
  for (const code of answered) {
    const { message, hint, others } = server[code]!;
    t.equal(plain(message), errors[code].message, code);
    t.equal(plain(hint), errors[code].hint, code);
    t.equal(plain(others ?? hint), hintForOthers(code), `${code}, for people who are no admins`);
  }
});
