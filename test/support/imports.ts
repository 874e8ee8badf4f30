import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `to` is a path in the repository without its ending, or the name of a package. `type`: only types are imported. */
export type Import = { from: string; to: string; type: boolean };
export type Source = { path: string; text: string };

export const sources: Source[] = ['daemon', 'web'].flatMap((top) =>
  readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })
    .map((file) => join(top, file))
    .filter((path) => /\.tsx?$/.test(path) && !/\.d\.ts$/.test(path) && !path.includes('node_modules'))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })),
);

export const parse = (source: Source) =>
  ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest);

export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const add = (name: ts.Node | undefined, type: boolean) => {
    if (!name || !ts.isStringLiteral(name)) return;
    const to = name.text.startsWith('.')
      ? normalize(join(dirname(source.path), name.text)).replace(/\.(js|tsx?)$/, '')
      : name.text;
    found.push({ from: source.path.replace(/\.tsx?$/, ''), to, type });
  };
  walk(parse(source), (node) => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const names = clause?.namedBindings;
      const each = names && ts.isNamedImports(names) && !clause.name ? names.elements : null;
      const types = clause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      add(node.moduleSpecifier, types || (each?.length ? each.every((e) => e.isTypeOnly) : false));
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
  });
  return found;
}

export const within = (path: string, ...folders: string[]): boolean =>
  folders.some((f) => path.startsWith(`${f}/`));
