// Says how much processor time a fixed piece of work takes on this machine, in seconds, as its only line: compiling and running
// JavaScript, hashing and SQLite, which is what tests mostly do.
import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';

const ROUNDS = 16;

function work() {
  const database = new Database(':memory:');
  database.exec('CREATE TABLE calls (id INTEGER PRIMARY KEY, party TEXT, began REAL)');
  const insert = database.prepare('INSERT INTO calls (party, began) VALUES (?, ?)');
  database.transaction(() => {
    for (let n = 0; n < 12_000; n++) insert.run(`party ${(n * 7919) % 1000}`, n);
  })();
  const found = database
    .prepare('SELECT party, count(*) AS many FROM calls GROUP BY party ORDER BY many')
    .all();
  const text = JSON.stringify(found.map((row, n) => ({ ...row, n, list: [...`${row.party} ${n}`] })));
  let sum = 0;
  for (let n = 0; n < 3; n++)
    sum += JSON.parse(text).reduce((all, { many, list }) => all + many + list.length, 0);
  for (let n = 0; n < 300; n++)
    sum += new Function('a', `return a.n${n} = ${n}, Object.keys(a).length`)({ n });
  const sound = Buffer.alloc(1 << 20, sum & 255);
  for (let n = 0; n < 24; n++) createHash('sha256').update(sound).digest();
  database.close();
}

work();
const before = process.cpuUsage();
for (let round = 0; round < ROUNDS; round++) work();
const { user, system } = process.cpuUsage(before);
console.log(((user + system) / 1e6).toFixed(3));
