// Tells, from a TAP file that tap wrote: each failed line with its place and its reason, why each skipped test was
// skipped, and last "N passed, N failed, N skipped". What failed stands here once more because it is lost among tens of
// thousands of lines above.
import { readFileSync } from 'node:fs';
import { Parser } from 'tap-parser';

/** So much of a reason is shown; the whole stands where the test ran. */
const REASON_LINES = 40;

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

/** Listens to a file or subtest. The point that closes a subtest is told only when no line within has told of a failure. */
function listen(parser, path) {
  let failed = false;
  let toldWithin = false;
  parser.on('child', (child) => {
    const hasFailed = listen(child, [...path, child.name]);
    child.on('complete', () => {
      toldWithin = hasFailed();
    });
  });
  parser.on('assert', (line) => {
    const where = [...path, line.name].filter(Boolean).join(' > ');
    if (line.skip || line.todo) {
      const why = [line.skip, line.todo].find((text) => typeof text === 'string');
      console.log(`skipped: ${where}: ${why ?? 'no reason given'}`);
    } else if (!line.ok) {
      failed = true;
      if (!(line.closingTestPoint && toldWithin))
        process.stdout.write(`failed: ${where}\n${reason(line.diag)}`);
    }
    toldWithin = false;
  });
  return () => failed;
}

let counts = '';
const parser = new Parser();
listen(parser, []);
// The last thing that tap says of a run. A run that was cut short does not have it.
parser.on('comment', (text) => {
  counts = /^# (\{ total: .*\})/.exec(text)?.[1] ?? counts;
});
parser.end(readFileSync(process.argv[2]));
const count = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(counts)?.[1] ?? 0);
if (!counts) console.log('failed: the run came to no end');
const failed = counts ? count('fail') : 1;
console.log(`${count('pass')} passed, ${failed} failed, ${count('skip') + count('todo')} skipped`);
process.exit(failed === 0 && count('pass') > 0 ? 0 : 1);
