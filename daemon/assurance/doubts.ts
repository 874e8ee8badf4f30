import type { BadRow, Verbs } from '../catalogue/catalogue.js';
import { fail } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { Log } from '../ops/log.js';
import { repeatedly } from '../ops/turns.js';

/**
 * Story 14: the recorder does not believe what it reads. The dashboard, and anyone else who can write to catalogue.db, may have
 * put anything there. Rows that cannot be read are left out, and an alarm counts them and names the first; while the policy
 * cannot be read, every call is recorded and nothing is erased; while the schema is not the one that Tapedeck makes, nothing is
 * signed.
 */
export type DoubtsDeps = {
  catalogue: Verbs<'policy.newest' | 'schemaFaults'>;
  alarms: Alarms;
  clock: () => number;
  log: Log;
  /** How often the policy and the schema are looked at, in ms. */
  everyMs?: number;
};

const EVERY_MS = 2_000;
/** Recordings are read at least once a night: a row that was not met for longer counts as mended. */
const STANDS_MS = 26 * 3_600_000;
/** Between two times that the same rows are told, in ms: each is a write. */
const AGAIN_MS = 3_600_000;
/** So many rows are remembered, and so many named. */
const REMEMBERED = 10_000;
const NAMED = 3;

const ROWS = 'catalogue_rows';
const POLICY = 'catalogue_policy';
const SCHEMA = 'catalogue_schema';

type Met = Pick<BadRow, 'key' | 'fault'>;

export function createDoubts(deps: DoubtsDeps) {
  const { catalogue, alarms, clock, log } = deps;
  /** Bad rows, and when each was last met. */
  const known = new Map<string, BadRow & { at: number }>();
  let toldAt = Number.NEGATIVE_INFINITY;
  /** Bad rows that were first met in this turn of the event loop, by their table. */
  const news = new Map<string, { rows: number; first: Met[] }>();
  let telling: NodeJS.Immediate | undefined;

  /** Notes one. A damaged table has thousands, so those of one turn of the event loop are told of together. */
  function row({ table, key, fault }: BadRow): void {
    telling ??= setImmediate(tell);
    const id = `${table} ${key}`;
    const before = known.get(id);
    if (!before && known.size >= REMEMBERED) return;
    known.set(id, { table, key, fault, at: clock() });
    if (before?.fault === fault) return;
    const its = news.get(table) ?? { rows: 0, first: [] };
    its.rows++;
    if (its.first.length < NAMED) its.first.push({ key, fault });
    news.set(table, its);
  }

  function tell(): void {
    telling = undefined;
    const at = clock();
    if (news.size === 0 && Math.abs(at - toldAt) < AGAIN_MS) return;
    toldAt = at;
    for (const [table, its] of news)
      log.error({ table, ...its }, 'Rows of the catalogue cannot be read and are left out');
    news.clear();
    for (const [id, { at: metAt }] of known) if (at - metAt > STANDS_MS) known.delete(id);
    const named = [...known.values()].slice(0, NAMED).map(({ table, key, fault }) => ({ table, key, fault }));
    if (named.length === 0) return;
    alarms.raise(ROWS, {
      severity: 'critical',
      why: { code: 'catalogue_rows', params: { rows: known.size, named } },
      forMs: STANDS_MS,
    });
  }

  /** Returns whether the policy can be read. */
  async function policy(): Promise<boolean> {
    const { version, fault } = await catalogue.policy.newest();
    if (fault === null) alarms.clear(POLICY);
    else
      alarms.raise(POLICY, {
        severity: 'critical',
        why: { code: 'catalogue_policy', params: { version, fault } },
      });
    return fault === null;
  }

  /** What of the schema is not as Tapedeck makes it. */
  async function schema(): Promise<string[]> {
    const faults = await catalogue.schemaFaults();
    if (faults.length === 0) alarms.clear(SCHEMA);
    else
      alarms.raise(SCHEMA, {
        severity: 'critical',
        why: { code: 'catalogue_schema', params: { faults: faults.slice(0, NAMED) } },
      });
    return faults;
  }

  async function look(): Promise<void> {
    for (const part of [policy, schema])
      await part().catch((err) => log.warn({ err }, 'The catalogue could not be checked'));
  }

  const looking = repeatedly(deps.everyMs ?? EVERY_MS, look, (err) =>
    log.warn({ err }, 'The catalogue could not be checked'),
  );

  return {
    row,
    schema,
    /** Throws `schema_altered`: to be awaited right before anything is signed. */
    async beforeSigning(): Promise<void> {
      const faults = await schema();
      if (faults.length > 0) throw fail('schema_altered', faults.slice(0, NAMED).join(' '));
    },
    /** Resolves after the first look. */
    async start(): Promise<void> {
      await look();
      looking.start();
    },
    async stop(): Promise<void> {
      await looking.stop();
      if (telling === undefined) return;
      clearImmediate(telling);
      tell();
    },
  };
}
