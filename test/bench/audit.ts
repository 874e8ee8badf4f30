import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyAudit } from '../../daemon/catalogue/sqlite/audit-verify.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { type AuditAction, entryOf } from '../../daemon/domain/assurance/audit.js';
import { catalogueFile } from '../../daemon/domain/paths.js';

/**
 * The audit log at its largest: how big an entry is, how long writing one takes, and how long `tapedeck audit verify` takes
 * over a million of them (`npm run bench:audit -- 1000000`).
 */
const count = Number(process.argv[2] ?? 1_000_000);
const dir = mkdtempSync(join(tmpdir(), 'tapedeck-audit-'));
const path = catalogueFile(dir);
const say = (text: string) => console.log(text);
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

const catalogue = createSqliteCatalogue({ path });
await catalogue.start();
const kinds: [AuditAction, number, Record<string, string | number | string[]>][] = [
  ['view', 5, {}],
  ['play', 2, { recording: '01K8C0PJ4M0000000000000000' }],
  [
    'heard',
    2,
    {
      ...{
        recording: '01K8C0PJ4M0000000000000000',
        heard: ['12000-100000', '130000-131000'],
        total_ms: 89_000,
      },
      bytes: 412_345,
    },
  ],
  ['search', 3, { letters: 7, digits: 3 }],
  ['sign_in', 1, {}],
];
const mix = kinds.flatMap((kind) => Array.from({ length: kind[1] }, () => kind));
const entry = (n: number) => {
  const [action, , detail] = mix[n % mix.length]!;
  const person = n % 50;
  return entryOf(
    {
      ...{ actor: 'person', actor_id: `01K8C0PJ4M00000000000000${String(person).padStart(2, '0')}` },
      ...{ actor_name: `Person ${person}`, address: `192.168.1.${person}` },
    },
    Date.UTC(2026, 0, 1) + n * 31_000,
    action,
    {
      ...(action === 'sign_in' || action === 'search'
        ? {}
        : { object: 'call', object_id: `01K8C0PJ4M${String(n % 90_000).padStart(16, '0')}` }),
      ...(action === 'search' ? { words: 'example 444' } : {}),
      detail,
    },
  );
};

const began = performance.now();
const BATCH = 500;
for (let n = 0; n < count; n += BATCH)
  await Promise.all(
    Array.from({ length: Math.min(BATCH, count - n) }, (_, i) => catalogue.audit.append(entry(n + i))),
  );
say(`${count} entries written in batches of ${BATCH}: ${((performance.now() - began) / 1000).toFixed(1)} s`);

const alone: number[] = [];
for (let n = 0; n < 200; n++) {
  const at = performance.now();
  await catalogue.audit.append(entry(n));
  alone.push(performance.now() - at);
}
alone.sort((a, b) => a - b);
say(`one entry, durable: median ${alone[100]!.toFixed(2)} ms, p95 ${alone[190]!.toFixed(2)} ms`);

const [row] = await catalogue.audit.rows(count - 3, 1);
say(`an entry looks like this: ${row!.text}`);
await catalogue.checkpoint();
const bytes = statSync(path).size;
say(`catalogue.db: ${mb(bytes)}, ${Math.round(bytes / count)} bytes an entry with its indexes`);

for (const [what, filter] of [
  ['newest page', {}],
  [
    'who heard this call',
    { objectId: `01K8C0PJ4M${'77'.padStart(16, '0')}`, actions: ['play', 'heard'] as const },
  ],
  ['what did she hear', { actor: '01K8C0PJ4M0000000000000007', actions: ['play', 'heard'] as const }],
  ['a day', { from: Date.UTC(2026, 5, 1), to: Date.UTC(2026, 5, 2) }],
  ['all refused', { outcome: 'refused' as const }],
] as const) {
  const at = performance.now();
  const found = await catalogue.audit.entries({ ...filter, limit: 51 });
  say(`${what}: ${found.length} entries in ${(performance.now() - at).toFixed(1)} ms`);
}
{
  const at = performance.now();
  const people = await catalogue.audit.actors();
  say(`everybody in it: ${people.length} in ${(performance.now() - at).toFixed(1)} ms`);
}
await catalogue.stop();

const before = process.memoryUsage().rss;
let most = before;
const at = performance.now();
const processor = process.cpuUsage();
const verdict = verifyAudit(path, {
  given: [],
  kept: [],
  told: () => {
    most = Math.max(most, process.memoryUsage().rss);
  },
});
const seconds = (performance.now() - at) / 1000;
const { user, system } = process.cpuUsage(processor);
const used = user + system;
say(
  `verified ${verdict.head.size} entries in ${seconds.toFixed(1)} s (${Math.round(verdict.head.size / seconds)} a second), ${(used / 1e6).toFixed(1)} s of it on the processor; memory + ${mb(most - before)}`,
);
rmSync(dir, { recursive: true, force: true });
if (verdict.fault !== null || (count >= 1_000_000 && seconds > 30)) process.exitCode = 1;
