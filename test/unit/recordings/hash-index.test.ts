import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { createHashIndex } from '../../../daemon/domain/backup/hash-index.js';

const hashOf = (n: number): string => createHash('sha256').update(String(n)).digest('hex');

t.test('it has what was put into it, and nothing else, however much that is', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5_000), fc.nat())), (all) => {
      const [index, map] = [createHashIndex(), new Map<number, number>()];
      for (const [n, value] of all) {
        index.set(hashOf(n), value);
        map.set(n, value);
      }
      for (let n = 0; n < 5_000; n += 7) if (index.get(hashOf(n)) !== (map.get(n) ?? null)) return false;
      return [...map].every(([n, value]) => index.get(hashOf(n)) === value);
    }),
    { numRuns: 20 },
  );
  const many = createHashIndex();
  for (let n = 0; n < 20_000; n++) many.set(hashOf(n), n);
  for (let n = 0; n < 20_000; n++) if (many.get(hashOf(n)) !== n) t.fail(`${n} is lost`);
  t.equal(many.get(hashOf(-1)), null);
  t.end();
});

t.test('hashes that begin alike, as somebody could name objects, are told apart', (t) => {
  const index = createHashIndex();
  const like = (n: number): string => `${'ab'.repeat(28)}${n.toString(16).padStart(8, '0')}`;
  for (let n = 0; n < 500; n++) index.set(like(n), n);
  for (let n = 0; n < 500; n++) if (index.get(like(n)) !== n) t.fail(`${n} is lost`);
  t.equal(index.get(like(500)), null);
  t.end();
});
