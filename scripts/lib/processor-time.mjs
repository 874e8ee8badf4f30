// Loaded before a test file: says at its end how much processor time it and the programs took that it started, in
// seconds, as the last line of its output.
import { readFileSync, writeSync } from 'node:fs';

/** Clock ticks a second, in which Linux counts here on every machine. */
const TICKS = 100;

process.on('exit', () => {
  // The name of the program is in parentheses and may have spaces.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0); // utime, stime, cutime, cstime
  writeSync(2, `# processor time ${(ticks / TICKS).toFixed(2)} s\n`);
});
