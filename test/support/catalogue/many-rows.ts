import type { Db } from '../../../daemon/catalogue/sqlite/db.js';

/** So many calls a minute apart, each with a sealed and signed recording; every other one is kept for ever. */
export function fillCatalogue(db: Db, rows: number): void {
  const numbers = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${rows})`;
  const party = `'{"number":"101","name":"Grace Desk","ours":true}'`;
  const at = '1700000000000 + i * 60000';
  db.transaction(() => {
    db.exec(`INSERT INTO calls ${numbers}
      SELECT printf('C%010d', i), '["1"]', 'in', ${at}, ${at} + 5000, ${at} + 35000, 'answered', ${party}, ${party},
        '101', '101', '', 'recorded', '', NULL, 0, '[]', '[]', '', NULL, 0, NULL, '', NULL, NULL, NULL, NULL FROM n`);
    db.exec(`INSERT INTO recordings (id, of_id, call_id, state, duration_ms, plain_bytes, sealed_bytes, plain_sha256, sealed_sha256,
        file, sealed_at, left_db, right_db, keep_until, keep_reason) ${numbers}
      SELECT printf('R%010d', i), printf('R%010d', i), printf('C%010d', i), 'sealed', 30000, 90000, 90500, printf('%064d', i),
        printf('%064d', i), printf('recordings/R%010d.age', i), ${at} + 60000, -20, -20,
        CASE i % 2 WHEN 0 THEN ${at} + 8640000000 END, '' FROM n`);
    db.exec(`INSERT INTO seal_checks ${numbers} SELECT printf('R%010d', i), ${at}, 1, NULL, NULL FROM n`);
  })();
}
