import ts from 'typescript';
import { type Source, walk } from '../imports.js';

export type Kind = 'elapsed' | 'limit' | 'sleep' | 'port' | 'log';
/** A place at which a test depends on how busy the machine is. */
export type Unsteady = { path: string; line: number; kind: Kind; text: string };

export const INSTEAD: Record<Kind, string> = {
  elapsed:
    'assert what happened and in which order, not how long it took: an error code, a count, one answer before another',
  limit:
    'the runner ends what hangs, and `until` waits for two minutes: on a busy machine all takes ten times as long, so only longer waits are named',
  sleep:
    'wait for what follows, with `until` from test/support/recorder.ts; hold up work with a promise that the test resolves',
  port: 'listen on port 0 and read the port back; `onFreePort` starts a program that needs its port before; at `REFUSED` nobody listens',
  log: 'a log is written a moment later: read it within `until`',
};

const ASSERTIONS = /^(ok|notOk|equal|not|same|notSame|strictSame|match|has|resolveMatch)$/;
/** What does not become true later. */
const NEVER = /^(notOk|notMatch)$/;
const DURATIONS = /^(took|tookMs|elapsed|elapsedMs|waited|waitedMs|late|lateMs|lasted|slowest)$/;
const CLOCKS = /^(performance\.now|Date\.now|process\.hrtime(\.bigint)?)$/;
const COMPARISONS = new Set([
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
]);
const TIMERS = /^(node:)?timers\/promises$/;
const LOG = /\.log['"`]/;

type Found = (node: ts.Node, kind: Kind) => void;

/**
 * Finds bounds on elapsed time, short limits, sleeps, ports that are drawn before they are used, and logs that are read without a wait. It knows
 * values by how they are made within one file, not by their types.
 */
export function findUnsteady(source: Source): Unsteady[] {
  const file = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true);
  const places: Unsteady[] = [];
  const found: Found = (node, kind) => {
    const start = node.getStart(file);
    const line = file.getLineAndCharacterOfPosition(start).line + 1;
    const text = node.getText(file).replace(/\s+/g, ' ').slice(0, 80);
    if (!places.some((one) => one.line === line && one.kind === kind))
      places.push({ path: source.path, line, kind, text });
  };
  boundsOnTime(file, found);
  limits(file, found);
  sleeps(source, file, found);
  earlyPorts(file, found);
  logsRead(file, found);
  return places.toSorted((a, b) => a.line - b.line);
}

const calledName = (node: ts.CallExpression): string => {
  const { expression } = node;
  if (ts.isPropertyAccessExpression(expression)) return expression.name.text;
  return ts.isIdentifier(expression) ? expression.text : '';
};
/** Whether a node within this one fits, which may be itself. */
function has(node: ts.Node, fits: (node: ts.Node) => boolean): boolean {
  let any = false;
  walk(node, (inner) => {
    any ||= fits(inner);
  });
  return any;
}
const isAssertion = (node: ts.Node, but?: RegExp): boolean =>
  ts.isCallExpression(node) &&
  ts.isPropertyAccessExpression(node.expression) &&
  /^t\d?$/.test(node.expression.expression.getText()) &&
  ASSERTIONS.test(node.expression.name.text) &&
  !but?.test(node.expression.name.text);

function boundsOnTime(file: ts.SourceFile, found: Found): void {
  const readings = new Set<string>();
  const durations = new Set<string>();
  const readsClock = (node: ts.Node) =>
    ts.isCallExpression(node) && CLOCKS.test(node.expression.getText(file));
  const isReading = (node: ts.Node): boolean =>
    readsClock(node) || (ts.isIdentifier(node) && readings.has(node.text));
  const isDuration = (node: ts.Node): boolean => {
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.MinusToken)
      return (isReading(node.left) && isReading(node.right)) || durationIn(node);
    return ts.isIdentifier(node) && durations.has(node.text);
  };
  /** A subtraction from a reading of the clock in which the other side is no number of its own. */
  const durationIn = (node: ts.BinaryExpression): boolean =>
    (readsClock(node.left) && ts.isIdentifier(node.right) && !/^[A-Z_\d]+$/.test(node.right.text)) ||
    readsClock(node.right);

  walk(file, (node) => {
    if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name) || !node.initializer) return;
    if (readsClock(node.initializer)) readings.add(node.name.text);
    else if (has(node.initializer, isDuration) && !ts.isFunctionLike(node.initializer))
      durations.add(node.name.text);
  });
  walk(file, (node) => {
    if (!ts.isBinaryExpression(node) || !COMPARISONS.has(node.operatorToken.kind)) return;
    const sides = [node.left, node.right];
    const named = (side: ts.Node) =>
      has(side, (inner) => ts.isIdentifier(inner) && DURATIONS.test(inner.text) && !isCounted(inner));
    const isNumber = (side: ts.Node) =>
      ts.isNumericLiteral(side) || (ts.isIdentifier(side) && /^[A-Z][A-Z_\d]+$/.test(side.text));
    const ofTime = sides.some((side) => has(side, isDuration)) || (sides.some(named) && sides.some(isNumber));
    const asserted = hasAbove(node, (above) => isAssertion(above));
    // What was stamped a moment ago is between two readings of the clock, and not within so many ms of one.
    const stamped = sides.some((side) => has(side, (inner) => ts.isBinaryExpression(inner) && isNear(inner)));
    if ((ofTime && !isOfLoop(node)) || (asserted && stamped)) found(node, 'elapsed');
  });
  /** `Date.now() - x`, `x - Date.now()`, `Date.now() + x`. */
  function isNear(node: ts.BinaryExpression): boolean {
    const { kind } = node.operatorToken;
    if (kind !== ts.SyntaxKind.MinusToken && kind !== ts.SyntaxKind.PlusToken) return false;
    return readsClock(node.left) || readsClock(node.right);
  }
}
/** `took.length`, `late.from`: something else of it than how long it was. */
const isCounted = (node: ts.Node): boolean =>
  ts.isPropertyAccessExpression(node.parent) &&
  node.parent.expression === node &&
  !ts.isCallExpression(node.parent.parent);

function hasAbove(node: ts.Node, fits: (node: ts.Node) => boolean): boolean {
  for (let above = node.parent; above; above = above.parent) if (fits(above)) return true;
  return false;
}
/** Whether it is the condition of a loop: that bounds a wait. */
function isOfLoop(node: ts.Node): boolean {
  for (let inner = node; inner.parent; inner = inner.parent) {
    const loop = inner.parent;
    if (ts.isForStatement(loop)) return loop.condition === inner;
    if (ts.isWhileStatement(loop) || ts.isDoStatement(loop)) return loop.expression === inner;
    if (ts.isStatement(loop)) return false;
  }
  return false;
}

/** As long `until` waits by itself, in ms. */
const PATIENCE_MS = 120_000;

/** `t.setTimeout(9)`, and `until` with less than it gives by itself. */
function limits(file: ts.SourceFile, found: Found): void {
  walk(file, (node) => {
    if (!ts.isCallExpression(node)) return;
    if (/^t\d?\.setTimeout$/.test(node.expression.getText(file))) found(node, 'limit');
    const ms = calledName(node) === 'until' ? node.arguments[2] : undefined;
    if (ms && ts.isNumericLiteral(ms) && Number(ms.text) <= PATIENCE_MS) found(node, 'limit');
  });
}

function sleeps(source: Source, file: ts.SourceFile, found: Found): void {
  const names = new Set<string>();
  walk(file, (node) => {
    if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier)) return;
    const from = node.moduleSpecifier.text;
    const named = node.importClause?.namedBindings;
    if (!named || !ts.isNamedImports(named)) return;
    for (const one of named.elements) {
      const what = (one.propertyName ?? one.name).text;
      if (TIMERS.test(from) && what === 'setTimeout') names.add(one.name.text);
      if (/\/recorder\.js$/.test(from) && what === 'seconds') names.add(one.name.text);
    }
  });
  const inTest = /\.test\.ts$/.test(source.path);
  walk(file, (node) => {
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return;
    const name = node.expression.text;
    if (names.has(name)) return found(node, 'sleep');
    if (name !== 'setTimeout') return;
    // In what supports tests, a timer that is no promise ends what would hang.
    if (inTest || isPromised(node)) found(node, 'sleep');
  });
}
/** `new Promise((resolve) => setTimeout(resolve, …))`. */
function isPromised(node: ts.CallExpression): boolean {
  const [done] = node.arguments;
  return (
    done !== undefined &&
    hasAbove(
      node,
      (above) =>
        ts.isFunctionLike(above) &&
        ts.isNewExpression(above.parent) &&
        above.parent.expression.getText() === 'Promise' &&
        above.parameters[0]?.name.getText() === done.getText(),
    )
  );
}

function earlyPorts(file: ts.SourceFile, found: Found): void {
  const draws = (name: ts.Node) =>
    ts.isIdentifier(name) && /^(draw|free|unused|spare)Ports?$/.test(name.text);
  walk(file, (node) => {
    if (ts.isImportSpecifier(node) && draws(node.propertyName ?? node.name)) found(node, 'port');
    else if (
      (ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node)) &&
      node.name &&
      draws(node.name)
    )
      found(node.name, 'port');
  });
}

function logsRead(file: ts.SourceFile, found: Found): void {
  walk(file, (node) => {
    if (!ts.isCallExpression(node) || !/^(readFileSync|readIfThere)$/.test(calledName(node))) return;
    if (!LOG.test(node.arguments[0]?.getText(file) ?? '')) return;
    if (hasAbove(node, (above) => isAssertion(above, NEVER))) found(node, 'log');
  });
}
