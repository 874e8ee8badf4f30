// Tells, from a TAP file that tap wrote: each failed line with its place and its reason, why each skipped test was
// skipped, and last "N passed, N failed, N skipped". What failed stands here once more because it is lost among tens of
// thousands of lines above.
import { readFileSync } from 'node:fs';
import { Parser } from 'tap-parser';

/** So much of a reason is shown; the whole stands where the test ran. */
const REASON_LINES = 40;

const told = { passed: 0, failed: 0, skipped: 0 };

function reason(diag) {
  if (!diag) return '';
  const { at, diff, source, stack, ...rest } = diag;
  const lines = [
    at?.fileName ? `at ${at.fileName}:${at.lineNumber}` : '',
    ...(diff ?? '').split('\n'),
    ...(Object.keys(rest).length > 0 ? JSON.stringify(rest, null, 2).split('\n') : []),
  ].filter((line) => line.trim() !== '');
  return lines
    .slice(0, REASON_LINES)
    .map((line) => `    ${line}\n`)
    .join('');
}

/** Listens to a file or subtest; the point that closes a subtest tells nothing that its own lines have not told. */
function listen(parser, path) {
  let failedWithin = false;
  parser.on('child', (child) => {
    const within = listen(child, [...path, child.name]);
    child.on('complete', () => {
      failedWithin ||= within();
    });
  });
  parser.on('assert', (line) => {
    if (line.closingTestPoint && (line.ok || failedWithin)) return;
    const where = [...path, line.name].filter(Boolean).join(' > ');
    if (line.skip || line.todo) {
      told.skipped += 1;
      const why = [line.skip, line.todo].find((text) => typeof text === 'string');
      console.log(`skipped: ${where}: ${why ?? 'no reason given'}`);
    } else if (line.ok) {
      told.passed += 1;
    } else {
      told.failed += 1;
      failedWithin = true;
      process.stdout.write(`failed: ${where}\n${reason(line.diag)}`);
    }
  });
  return () => failedWithin;
}

const parser = new Parser();
listen(parser, []);
parser.end(readFileSync(process.argv[2]));
if (!parser.ok && told.failed === 0) told.failed = 1;
console.log(`${told.passed} passed, ${told.failed} failed, ${told.skipped} skipped`);
process.exit(told.failed === 0 && told.passed > 0 ? 0 : 1);
