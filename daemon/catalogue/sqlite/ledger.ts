import { Type } from 'typebox';
import { type Account, type Cdr, cdrKey, isBare, linksOf, onOurClock } from '../../domain/assurance/cdr.js';
import type { CdrSource, Span, Witness } from '../../domain/assurance/coverage.js';
import { PbxId } from '../../domain/pbx.js';
import type { CallId } from '../../domain/recording/recording.js';
import type { StoredCall } from '../stored-call.js';
import { noun, orNull, type Reader, Text, Time, timeOrNull } from './checked.js';
import { createCoverageCounts } from './coverage/counts.js';
import { createCoverageRows } from './coverage/rows.js';
import type { Db } from './db.js';

/** What belongs to one call spreads over few links; beyond this something else than a call is being followed. */
const MOST_LINKS = 200;
/** A call may have begun so long before a CDR of it does, in ms. */
const LONG_BEFORE = 86_400_000;
/** How far the times of a call and of its CDRs may be apart. */
const SLACK_MS = 5_000;
/** Under this name stands when the ledger began: it is no source. */
const OWN = 'ledger';

type Calls = { readable(id: CallId): StoredCall | null; current(id: CallId): CallId };

const cdrNoun = noun({
  table: 'cdrs',
  key: (row) => row.key,
  json: ['cdr'],
  shape: Type.Object({
    pbx: PbxId,
    cdr: Type.Object({
      ...{ linkedid: Text, uniqueid: Text, channel: Text, peer: Text, src: Text, dst: Text, name: Text },
      ...{ context: Text, app: Text, startAt: Time, answerAt: orNull(Time), endAt: Time, disposition: Text },
      ahead: Type.Number({ minimum: -1e13, maximum: 1e13 }),
    }),
  }),
  make: (row): Cdr => ({ ...row.cdr, pbx: row.pbx }),
});

const source = noun({
  table: 'cdr_sources',
  key: (row) => `${row.pbx} ${row.name}`,
  shape: Type.Object({
    ...{ pbx: PbxId, name: Text, since: orNull(Time), readAt: orNull(Time), lastAt: orNull(Time) },
    ...{ count: Type.Integer({ minimum: 0 }), problem: Text },
  }),
  make: (row): CdrSource => row,
});

const times = noun({
  table: 'cdr_sources',
  key: (row) => `${row.pbx} times`,
  shape: Type.Object({ pbx: PbxId, since: orNull(Time), last: orNull(Time) }),
  make: (row) => row,
});

/** What was imported does not say since when Tapedeck watched. */
const NO_IMPORTS = 'NOT EXISTS (SELECT 1 FROM imports)';

export function createLedger(db: Db, reader: Reader, calls: Calls) {
  const { between, ...rows } = createCoverageRows(db, reader);
  const counts = createCoverageCounts(db, reader, between);
  const known = db.prepare('SELECT key, pbx, cdr FROM cdrs WHERE key = ?');
  const put = db.prepare(`
    INSERT INTO cdrs (key, pbx, linkedid, uniqueid, start_at, end_at, source, heard_at, cdr, due_at)
    VALUES ($key, $pbx, $linkedid, $uniqueid, $startAt, $endAt, $source, $at, $cdr, $dueAt)
    ON CONFLICT (key) DO UPDATE SET linkedid = excluded.linkedid, uniqueid = excluded.uniqueid,
      end_at = excluded.end_at, cdr = excluded.cdr, due_at = excluded.due_at`);
  const heard = db.prepare(`
    INSERT INTO cdr_sources (pbx, name, since, read_at, last_at, count) VALUES ($pbx, $name, $since, $at, $at, $count)
    ON CONFLICT (pbx, name) DO UPDATE SET since = coalesce(since, $since), last_at = $at, count = count + $count`);
  const note = db.prepare(`
    INSERT INTO cdr_sources (pbx, name, since, read_at, problem) VALUES ($pbx, $name, $good, $good, $problem)
    ON CONFLICT (pbx, name) DO UPDATE SET
      since = coalesce(since, $good), read_at = coalesce($good, read_at), problem = $problem`);
  const sources = db.prepare(`
    SELECT pbx, name, since, read_at AS readAt, last_at AS lastAt, count, problem FROM cdr_sources
    WHERE name <> '${OWN}' ORDER BY pbx, name`);
  const begin = db.prepare(
    `INSERT INTO cdr_sources (pbx, name, since) VALUES (?, '${OWN}', ?) ON CONFLICT DO NOTHING`,
  );
  const begun = db.prepare(`SELECT since FROM cdr_sources WHERE pbx = ? AND name = '${OWN}'`).pluck();
  // Left to itself, SQLite sorts all calls for the first one. Once there are imported calls, what was kept before the first of them
  // says since when calls were watched.
  const beginnings = db.prepare(`
    SELECT pbx, min(since) AS since, NULL AS last FROM (
      SELECT pbx, since FROM cdr_sources WHERE name = '${OWN}'
      UNION ALL SELECT pbx, min(started_at) FROM calls WHERE pbx <> '' AND ${NO_IMPORTS} GROUP BY pbx
      UNION ALL SELECT '', (SELECT started_at FROM calls INDEXED BY calls_by_start WHERE pbx = '' AND ${NO_IMPORTS}
        ORDER BY started_at LIMIT 1))
    WHERE since IS NOT NULL GROUP BY pbx`);
  const keepBeginning = db.prepare(`
    INSERT INTO cdr_sources (pbx, name, since) VALUES ($pbx, '${OWN}', $since)
    ON CONFLICT (pbx, name) DO UPDATE SET since = min(coalesce(since, $since), $since)`);
  const heardOf = db.prepare(
    'SELECT pbx, min(since) AS since, max(last_at) AS last FROM cdr_sources WHERE pbx = ? AND count > 0 GROUP BY pbx',
  );
  const linked = db.prepare(
    'SELECT key, pbx, cdr FROM cdrs WHERE pbx = $pbx AND (linkedid = $link OR uniqueid = $link OR key = $link)',
  );
  const bare = db.prepare(
    "SELECT key, pbx, cdr FROM cdrs WHERE pbx = $pbx AND linkedid = '' AND uniqueid = '' AND end_at >= $from AND start_at <= $to",
  );
  const among = db
    .prepare(`
    SELECT id FROM calls WHERE pbx = $pbx AND started_at BETWEEN $from AND $to AND coalesce(ended_at, $since) >= $since
      AND coverage_status <> 'imported'
      AND ($any OR EXISTS (SELECT 1 FROM json_each($links) l
        WHERE instr(linkedids, '"' || l.value || '"') OR instr(legs, '"' || l.value || '"')))`)
    .pluck();
  const accountOf = db
    .prepare('SELECT account_id FROM cdrs WHERE key = ? AND account_id IS NOT NULL')
    .pluck();
  const drop = db.prepare('DELETE FROM accounts WHERE id = ?');
  const save = db.prepare(`
    INSERT INTO accounts VALUES (
      $id, $callId, $linkedid, $startedAt, $answeredAt, $endedAt, $src, $dst, $name, $alone, $pbx)`);
  const give = db.prepare('UPDATE cdrs SET account_id = $id WHERE key = $key');
  const due = db.prepare(
    'SELECT key, pbx, cdr FROM cdrs WHERE pbx = $pbx AND due_at <= $by ORDER BY due_at LIMIT $limit',
  );
  const setDue = db.prepare('UPDATE cdrs SET due_at = $at WHERE key = $key');
  const strangersDue = db.prepare(`
    UPDATE cdrs SET due_at = $at WHERE account_id IN (SELECT id FROM accounts
      WHERE pbx = $pbx AND call_id IS NULL AND started_at >= $since - 86400000 AND ended_at >= $since)`);
  const ofAccount = db.prepare(
    'SELECT key, pbx, cdr FROM cdrs WHERE account_id = ? ORDER BY start_at, end_at LIMIT 100',
  );
  const forget = db.prepare('DELETE FROM cdrs WHERE end_at < ?');

  /** CDRs that can be read, by their keys. */
  const keyed = (rows: unknown[]): [string, Cdr][] =>
    rows.flatMap((row) => {
      const found = reader.orNull(cdrNoun, row);
      return found ? [[(row as { key: string }).key, found] as [string, Cdr]] : [];
    });

  function witness(pbx: PbxId): Witness {
    const found = reader.orNull(times, heardOf.get(pbx));
    return found?.since == null || found.last === null ? null : { since: found.since, last: found.last };
  }

  return {
    ...rows,
    ...counts,

    add(given: readonly Cdr[], source: string, at: number, graceMs: number, since: number): Cdr[] {
      const fresh: Cdr[] = [];
      for (const cdr of given) {
        const key = cdrKey(cdr);
        const row = known.get(key) as { cdr: string } | undefined;
        const old = reader.orNull(cdrNoun, row);
        const one = old ? merged(old, cdr) : cdr;
        const text = cdrCell(one);
        if (text === row?.cdr) continue;
        const { pbx, linkedid, uniqueid, startAt, endAt } = one;
        const dueAt = Math.max(at, endAt + graceMs);
        put.run({ key, pbx, linkedid, uniqueid, startAt, endAt, source, at, dueAt, cdr: text });
        fresh.push(one);
      }
      if (fresh.length > 0) heard.run({ pbx: fresh[0]!.pbx, name: source, at, since, count: fresh.length });
      return fresh;
    },

    related(pbx: PbxId, links: readonly string[]): { cdrs: Cdr[]; calls: StoredCall[] } {
      const cdrs = new Map<string, Cdr>();
      const found = new Map<CallId, StoredCall>();
      const seen = new Set<string>();
      let next = [...links];
      while (next.length > 0 && seen.size < MOST_LINKS) {
        const fresh: Cdr[] = [];
        for (const link of next) {
          seen.add(link);
          for (const [key, cdr] of keyed(linked.all({ pbx, link })))
            if (!cdrs.has(key)) {
              cdrs.set(key, cdr);
              fresh.push(cdr);
            }
        }
        if (fresh.length === 0) break;
        const from = Math.min(...fresh.map((c) => c.startAt)) - SLACK_MS;
        const to = Math.max(...fresh.map((c) => c.endAt)) + SLACK_MS;
        const any = fresh.some(isBare);
        if (any) for (const [key, cdr] of keyed(bare.all({ pbx, from, to }))) cdrs.set(key, cdr);
        const wanted = new Set([...next, ...fresh.flatMap(linksOf)]);
        const ids = among.all({
          ...{ pbx, from: from - LONG_BEFORE, to, since: from, any: any ? 1 : 0 },
          links: JSON.stringify([...wanted]),
        }) as CallId[];
        for (const id of ids) {
          const call = found.get(id) ?? calls.readable(id);
          if (!call) continue;
          found.set(id, call);
          if (any) continue;
          for (const link of [...call.linkedids, ...call.legs.map((l) => l.id)]) wanted.add(link);
        }
        next = [...wanted].filter((link) => !seen.has(link));
      }
      return { cdrs: [...cdrs.values()], calls: [...found.values()] };
    },

    saveAccounts(accounts: readonly Account[]): void {
      const keys = accounts.flatMap((a) => a.cdrs.map(cdrKey));
      for (const key of keys) {
        const before = accountOf.get(key) as string | undefined;
        if (before !== undefined) drop.run(before);
      }
      for (const a of accounts) {
        const main = a.cdrs[0]!;
        drop.run(a.id); // REPLACE would ask no trigger
        save.run({
          ...{ id: a.id, pbx: a.pbx, callId: a.callId, linkedid: a.linkedid },
          ...{ startedAt: a.startedAt, answeredAt: a.answeredAt, endedAt: a.endedAt },
          ...{ src: main.src, dst: main.dst, name: main.name, alone: a.alone ? 1 : 0 },
        });
        for (const cdr of a.cdrs) give.run({ id: a.id, key: cdrKey(cdr) });
      }
    },

    due: (pbx: PbxId, by: number, limit: number): Cdr[] =>
      reader.fill(cdrNoun, limit, (rows) => due.all({ pbx, by, limit: rows })),
    setDue(cdrs: readonly Cdr[], at: number | null): void {
      for (const cdr of cdrs) setDue.run({ key: cdrKey(cdr), at });
    },
    strangersDue: (pbx: PbxId, since: number, at: number): void => void strangersDue.run({ pbx, since, at }),
    cdrsOf: (ids: readonly string[]): Map<string, Cdr[]> =>
      new Map(ids.map((id) => [id, reader.all(cdrNoun, ofAccount.all(id))])),
    began(pbx: PbxId, now: number): number {
      begin.run(pbx, now);
      // A time that is still to come would have every CDR left out.
      return Math.min(now, timeOrNull(begun.get(pbx)) ?? now);
    },
    spans: (): Span[] =>
      reader
        .all(times, beginnings.all())
        .map(({ pbx, since }) => ({ pbx, since: since!, witness: witness(pbx) })),
    /** Keeps since when calls were watched: from now on the oldest call may be an imported one. */
    keepBeginnings(): void {
      for (const { pbx, since } of reader.all(times, beginnings.all()))
        if (since !== null) keepBeginning.run({ pbx, since });
    },
    sources: (): CdrSource[] => reader.all(source, sources.all()),
    noteSource(pbx: PbxId, name: string, at: number, problem: string): void {
      note.run({ pbx, name, good: problem === '' ? at : null, problem });
    },
    witness,
    forget(before: number): void {
      forget.run(before);
    },
  };
}

/** A record as it is kept. Whose it is has a column of its own. */
const cdrCell = ({ pbx: _, ...told }: Cdr): string => JSON.stringify(told);

/** What is known of a record from two sources: neither takes away what the other told. */
function merged(old: Cdr, told: Cdr): Cdr {
  const now = onOurClock(told, old.ahead); // what was known of the PBX's clock when it was new
  const answered = [old.answerAt, now.answerAt].filter((at) => at !== null);
  return {
    ...old,
    linkedid: old.linkedid || now.linkedid,
    uniqueid: old.uniqueid || now.uniqueid,
    name: old.name || now.name,
    endAt: Math.max(old.endAt, now.endAt),
    answerAt: answered.length > 0 ? Math.min(...answered) : null,
    disposition: old.answerAt === null && now.answerAt !== null ? now.disposition : old.disposition,
  };
}
