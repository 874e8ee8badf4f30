// Runs several compiled test files in one process, one after the other: those that TEST_FILES names, with spaces between them.
//
// Small files take most of their time to load what all of them load. A line of the output says where each file begins and what it
// took, so that its assertions count as its own.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compiledOf, sourceOf } from '../compile.mjs';

const files = process.env.TEST_FILES.split(' ');
delete process.env.TEST_FILES;
// tap calls its folders by what runs.
process.argv = [process.argv[0], sourceOf(resolve(compiledOf(files[0])))];
const { default: t } = await import('tap');
/** The tests that a file has begun and that have not ended. */
let begun = [];
const test = t.test;
t.test = (...args) => {
  const result = test.apply(t, args);
  begun.push(result);
  return result;
};

for (const file of files) {
  const output = resolve(compiledOf(file));
  // To tap and to the file itself it is its source that runs.
  process.argv[1] = sourceOf(output);
  t.comment(`file ${file}`);
  const before = process.cpuUsage();
  begun = [];
  try {
    await import(pathToFileURL(output));
    for (let seen = 0; seen < begun.length; ) {
      const waiting = begun.slice(seen);
      seen = begun.length;
      await Promise.all(waiting);
    }
  } catch (error) {
    t.threw(error);
  }
  const { user, system } = process.cpuUsage(before);
  t.comment(`took ${((user + system) / 1e6).toFixed(2)}`);
}
