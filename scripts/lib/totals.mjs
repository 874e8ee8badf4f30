// Tells, from what a test file wrote in TAP: each failed line with its place and its reason, and why each skipped test was
// skipped.
import { Parser } from 'tap-parser';

/** So much of a reason is shown; the whole stands where the test ran. */
const REASON_LINES = 40;

/** What a program printed stands in a reason as the numbers of its bytes; they are shown as text. */
const bytesAsText = (_key, value) =>
  value?.type === 'Buffer' && Array.isArray(value.data) ? Buffer.from(value.data).toString() : value;

function reason(diag) {
  if (!diag) return '';
  const { at, diff, source, stack, ...rest } = diag;
  const lines = [
    at?.fileName ? `at ${at.fileName}:${at.lineNumber}` : '',
    ...(diff ?? '').split('\n'),
    ...(Object.keys(rest).length > 0 ? JSON.stringify(rest, bytesAsText, 2).split('\n') : []),
  ].filter((line) => line.trim() !== '');
  return lines
    .slice(0, REASON_LINES)
    .map((line) => `    ${line}\n`)
    .join('');
}

/** The line by which a process with several files says which one begins. */
const BEGINS = /^# file (\S+)/;
const TOOK = /^# took ([\d.]+)/;

/** Listens to a file or subtest. The point that closes a subtest is told only when no line within has told of a failure. */
function listen(parser, pathOf) {
  let failed = false;
  let toldWithin = false;
  parser.on('child', (child) => {
    const path = pathOf();
    const hasFailed = listen(child, () => [...path, child.name]);
    child.on('complete', () => {
      toldWithin = hasFailed();
    });
  });
  parser.on('assert', (line) => {
    const where = [...pathOf(), line.name].filter(Boolean).join(' > ');
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

/**
 * Prints the failed and skipped tests in the output of a process. Returns, for each of its test files, how many assertions passed,
 * failed and were skipped, and for one of several in a process the processor seconds that it took. The line that closes a subtest
 * is not counted: it only sums up what is within.
 */
export function tellFaults(files, tap) {
  const counts = new Map(files.map((file) => [file, { pass: 0, fail: 0, skip: 0 }]));
  let [file] = files;
  const parser = new Parser();
  // Before all others, so that it is known whose the next line is.
  parser.on('comment', (text) => {
    const [, begins] = BEGINS.exec(text) ?? [];
    const [, took] = TOOK.exec(text) ?? [];
    if (begins && counts.has(begins)) file = begins;
    if (took) counts.get(file).cpu = Number(took);
  });
  const count = (one) => {
    one.on('assert', (line) => {
      if (line.closingTestPoint) return;
      counts.get(file)[line.skip || line.todo ? 'skip' : line.ok ? 'pass' : 'fail'] += 1;
    });
    one.on('child', count);
  };
  count(parser);
  const failures = () => [...counts.values()].reduce((sum, { fail }) => sum + fail, 0);
  const hasFailed = listen(parser, () => [file]);
  let problem = '';
  parser.on('bailout', (why) => {
    problem = `bail out: ${why}`;
  });
  parser.on('complete', (end) => {
    // A plan that was not kept is no line of its own.
    if (!end.ok && failures() === 0) problem ||= 'it did not come to its end';
  });
  parser.end(tap);
  if (hasFailed() && failures() === 0) counts.get(file).fail = 1;
  if (problem) {
    console.log(`failed: ${file}: ${problem}`);
    counts.get(file).fail += 1;
  }
  return counts;
}
