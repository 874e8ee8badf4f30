import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

/** Files that one can read at once, in folders that one can look over. */
const ROOT = join(import.meta.dirname, '../../..');
const [LONGEST, MEDIAN, MOST] = [350, 100, 25];

/** Lists of much the same, which are looked up and not read. */
const TABLES = [
  'daemon/catalogue/sqlite/migrations.ts',
  'daemon/catalogue/sqlite/verbs.ts',
  'daemon/domain/error.ts',
  'daemon/domain/operations/alarm-words.ts',
  'daemon/domain/telling/jurisdictions.ts',
  'daemon/ops/config-schema.ts',
  'test/pentest/tools.ts',
  'test/support/web/requests.ts',
  'test/support/web/rights.ts',
  'test/unit/operations/alarm-codes.test.ts',
  'test/unit/recordings/reason.test.ts',
  'test/web/attacks/parsers.test.ts',
  'web/ui/messages/en/errors.ts',
];

const folders: string[] = [];
const sources = new Map<string, number>();
function walk(folder: string): void {
  const inside = readdirSync(join(ROOT, folder), { withFileTypes: true });
  const files = inside.filter((entry) => entry.isFile()).map(({ name }) => `${folder}/${name}`);
  if (files.length > MOST) folders.push(`${folder} has ${files.length} files`);
  for (const file of files.filter((name) => /\.(tsx?|mjs)$/.test(name)))
    sources.set(file, readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1);
  for (const { name } of inside.filter((entry) => entry.isDirectory() && !/^\.|^fixtures$/.test(entry.name)))
    walk(`${folder}/${name}`);
}
for (const folder of ['daemon', 'web', 'scripts', 'test']) walk(folder);

t.test('no file is too long to be read at once, and no folder too full to be looked over', async (t) => {
  const long = [...sources].filter(([, lines]) => lines > LONGEST).map(([file]) => file);
  t.same(long.toSorted(), TABLES, `more than ${LONGEST} lines, and no table`);
  t.same(folders, []);
  const lengths = [...sources.values()].toSorted((a, b) => a - b);
  const median = lengths[Math.floor(lengths.length / 2)]!;
  t.ok(median < MEDIAN, `half of the files have ${median} lines or fewer`);
});
