// Prints "N passed, N failed, N skipped" from a TAP file that tap wrote, and why each skipped test was skipped.
import { readFileSync } from 'node:fs';

const text = readFileSync(process.argv[2], 'utf8');
for (const line of text.split('\n')) {
  const skip = /^\s*ok .*?(?:- )?(.*) # SKIP ?(.*)$/.exec(line);
  if (skip) console.log(`skipped: ${skip[1].trim()}: ${skip[2].trim() || 'no reason given'}`);
}
const last = text
  .trimEnd()
  .split('\n')
  .filter((l) => /^# \{ /.test(l))
  .pop();
if (!last) {
  console.log('0 passed, 1 failed, 0 skipped');
  process.exit(1);
}
const count = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(last)?.[1] ?? 0);
console.log(`${count('pass')} passed, ${count('fail')} failed, ${count('skip') + count('todo')} skipped`);
process.exit(count('fail') === 0 && count('pass') > 0 ? 0 : 1);
