import t from 'tap';
import ts from 'typescript';
import { parse, type Source, sources, walk } from '../../support/imports.js';

/** Sentences in what is given to `raise`, and in objects that look like an alarm or a code with params. */
function sentencesIn(source: Source): string[] {
  const found: string[] = [];
  const look = (within: ts.Node) =>
    walk(within, (node) => {
      const text =
        ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)
          ? node.text
          : ts.isTemplateExpression(node)
            ? [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join('x')
            : '';
      if (/\p{L}+ \p{L}+ /u.test(text)) found.push(`${source.path}: ${text}`);
    });
  walk(parse(source), (node) => {
    if (
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      node.expression.name.text === 'raise'
    )
      for (const argument of node.arguments.slice(1)) look(argument);
    if (ts.isObjectLiteralExpression(node)) {
      const named = node.properties.map((p) => (p.name && ts.isIdentifier(p.name) ? p.name.text : ''));
      if (named.includes('severity')) look(node);
      else if (named.includes('code') && named.includes('params')) look(node);
    }
  });
  return found;
}

t.test('no alarm is raised with a sentence: words are in alarm-words alone', async (t) => {
  const raising = sources.filter(({ text }) => /\.raise\(/.test(text));
  t.ok(raising.length > 15);
  t.same(sources.filter(({ path }) => path.startsWith('daemon/')).flatMap(sentencesIn), []);
  for (const text of [
    `alarms.raise('k', { severity: 'warning', message: \`The disk of \${dir} is full.\` })`,
    `alarms.raise('k', { severity: 'warning', why: { code: 'x', params: { detail: 'The disk is full.' } } })`,
    `const told = { severity: 'warning', hint: 'Look at the disk.' }`,
    `const why = { code: 'x', params: { detail: 'The disk is full.' } }`,
  ])
    t.not(sentencesIn({ path: 'x.ts', text }).length, 0, text);
  const plain = `alarms.raise(\`disk \${key}\`, { severity: 'warning', why })`;
  t.same(sentencesIn({ path: 'x.ts', text: plain }), []);
});
