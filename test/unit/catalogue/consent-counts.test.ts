import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { CONSENT_PAGE, consentCalls, consentScope, viewConsent } from '../../../daemon/catalogue/consent.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';
import { FIRST, type PbxId } from '../../../daemon/domain/pbx.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { answeredStatuses } from '../../../daemon/domain/recording/recording.js';
import {
  CONSENT_FILTERS,
  consentCallView,
  createConsentReport,
} from '../../../daemon/domain/telling/consent-report.js';
import { MODES } from '../../../daemon/domain/telling/schema.js';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { opened } from '../../support/catalogue/opened.js';
import { aCdr } from '../../support/ledger.js';
import { aCall } from '../../support/recordings/a-call.js';
import { dice, newSeed } from '../../support/search/dice.js';

const CHANGES = 900;
/** Changes that share a commit. */
const AT_ONCE = 20;
const DAY = 86_400_000;
/** 28 March 2026, before clocks are changed in Europe. */
const T0 = Date.UTC(2026, 2, 28);
/** Of a call that was absorbed into another one there is nothing to change. */
const REFUSED = /^(call_unknown|SQLITE_CONSTRAINT_(FOREIGNKEY|NOTNULL))$/;

/** What the tables themselves say of the answered calls of all time, by mode: how many there are, how many lack a prompt, and in how many one did not say who records. */
const RECOUNT = `
  SELECT coalesce(json_extract(n.decision, '$.mode'), '') AS mode, count(*) AS calls,
    sum(c.coverage_status NOT IN ('excluded', 'declined', 'not_recorded', 'none', 'not_kept') AND EXISTS (
      SELECT 1 FROM tellings p WHERE p.call_id = c.id AND p.what = 'prompt' AND p.whole = 1
        AND json_extract(p.found, '$.found') = 0)) AS lacking,
    sum(c.coverage_status NOT IN ('excluded', 'declined', 'not_recorded', 'none')
      AND coalesce(json_extract(n.decision, '$.purposeAndIdentity'), 0) AND EXISTS (
      SELECT 1 FROM tellings p WHERE p.call_id = c.id AND p.what = 'prompt' AND p.whole = 1 AND p.heard_by <> '[]'
        AND NOT coalesce(json_extract(p.prompt, '$.saysPurpose'), 0))) AS unsaid
  FROM calls c LEFT JOIN notices n ON n.call_id = c.id
  WHERE c.ended_at IS NOT NULL AND c.test = 0 AND c.coverage_status <> 'imported'
    AND (c.answered_at IS NOT NULL OR (SELECT a.answered_at FROM accounts a WHERE a.call_id = c.id ORDER BY a.started_at LIMIT 1) IS NOT NULL)
  GROUP BY 1 ORDER BY 1`;
/** And what is kept of those of all quarters, once all are counted. */
const KEPT = `
  SELECT mode, sum(calls) AS calls, sum(iif(found = 'no', calls, 0)) AS lacking, sum(iif(purpose = 'unsaid', calls, 0)) AS unsaid
  FROM consent_counts GROUP BY 1 ORDER BY 1`;

/** Compares the report of some days, a page of it, with one that is made from every call. */
async function compare(t: Test, name: string, catalogue: Catalogue, one: <T>(of: readonly T[]) => T) {
  const now = T0 + 9 * DAY;
  const asked = { from: '2026-03-28', to: one(['2026-03-28', '2026-03-30', '2026-04-03']) };
  for (const filter of ['all', 'exceptions', one(CONSENT_FILTERS)] as const) {
    const pbx = one([undefined, undefined, 'shop']);
    const zone = one(['UTC', 'Europe/Berlin', 'Asia/Kathmandu']);
    const page = one([1, 1, 2, 3]);
    const scope = consentScope({ ...asked, filter, pbx }, zone, now);
    const slow = createConsentReport({ filter, skip: (page - 1) * CONSENT_PAGE, limit: CONSENT_PAGE });
    for await (const call of consentCalls(catalogue, { ...scope, filter: 'all' })) slow.add(call);
    const { totals, fitting, listed } = slow.result();
    const fast = await viewConsent(catalogue, scope, { now, page });
    const what = `${name}: ${filter}, ${asked.to}, ${zone}, ${pbx ?? 'all'}, page ${page}`;
    t.same(fast.totals, totals, what);
    t.same([fast.calls_total, fast.calls], [fitting, listed.map(consentCallView)], `${what}, listed`);
  }
}

t.test('a report on consent from counts says what one from every call says, after any changes', async (t) => {
  const seed = newSeed();
  t.comment(`seed ${seed}`);
  const roll = dice(seed);
  const one = <T>(of: readonly T[]): T => of[Math.floor(roll() * of.length)]!;
  const { catalogue, path } = await opened(t);
  const { calls, notices, directives, ledger, watch, names, testCalls } = catalogue;
  const db = new Database(path);
  t.teardown(() => db.close());
  const known: string[] = [];
  const played: number[] = [];
  let minted = 0;
  const mint = (of: string) => `${of}${String(minted++).padStart(6, '0')}`;
  const pbx = (): PbxId => one([FIRST, FIRST, 'shop']);
  const time = () => T0 + Math.floor(roll() * 2 * DAY);
  const coverage = () => ({
    status: roll() < 0.6 ? ('recorded' as const) : one(answeredStatuses),
    ...{ why: null, rule: null, missingMs: 0 },
  });
  /** A call of two people, both on it from the answer on, of whom one is often ours. */
  const call = (id: string) => {
    const startedAt = time();
    const answeredAt = startedAt + 5_000;
    const endedAt = roll() < 0.95 ? answeredAt + Math.floor(roll() * 1_800_000) : null;
    const legs = ['them', 'us'].map((name) => ({
      ...{ id: name, party: { number: name, name: '', ours: name === 'us' || roll() < 0.1 }, endpoint: name },
      ...{ seenAt: startedAt, upAt: roll() < 0.95 ? answeredAt : null, goneAt: endedAt },
    }));
    const facts = { startedAt, answeredAt: roll() < 0.6 ? answeredAt : null, endedAt, legs, pbx: pbx() };
    return aCall(id, { ...facts, test: roll() < 0.02 });
  };
  const account = async () => {
    const cdr = aCdr(mint('1.'), { pbx: pbx(), startAt: time() });
    const { startAt: startedAt, linkedid, pbx: on } = cdr;
    await ledger.add([cdr], 'AMI', T0);
    const made = { id: mint('A'), linkedid, pbx: on, callId: one(known), startedAt, alone: false };
    const ends = { answeredAt: roll() < 0.8 ? startedAt : null, endedAt: startedAt + 9_000 };
    await ledger.saveAccounts([{ ...made, ...ends, cdrs: [cdr] }], []);
  };
  /** As an erasure, an import or a repair may leave them. */
  const byHand = [
    'DELETE FROM tellings WHERE seq = (SELECT seq FROM tellings ORDER BY seq LIMIT 1 OFFSET ?)',
    'DELETE FROM notices WHERE call_id = (SELECT id FROM calls ORDER BY id LIMIT 1 OFFSET ?)',
    'DELETE FROM accounts WHERE id = (SELECT id FROM accounts ORDER BY id LIMIT 1 OFFSET ? % 99)',
    'UPDATE directives SET call_id = (SELECT id FROM calls LIMIT 1) WHERE seq = (SELECT seq FROM directives LIMIT 1 OFFSET ? % 99)',
    'UPDATE calls SET started_at = started_at + 7200000 WHERE id = (SELECT id FROM calls ORDER BY id LIMIT 1 OFFSET ?)',
    "UPDATE notices SET decision = json_set(decision, '$.mode', 'silent') WHERE call_id = (SELECT id FROM calls ORDER BY id LIMIT 1 OFFSET ?)",
  ].map((sql) => db.prepare(sql));
  const deeds: [number, () => Promise<unknown>][] = [
    [0.24, () => calls.save(call(known[known.push(mint('C')) - 1]!), coverage())],
    [0.07, () => calls.save(call(one(known)), roll() < 0.5 ? coverage() : undefined)],
    [0.1, () => calls.decideCoverage(one(known), coverage())],
    [
      0.2,
      () =>
        notices.decide({
          ...{ ...aNotice(one(known)), mode: one(MODES), statedIsEnough: roll() < 0.3 },
          purposeAndIdentity: roll() < 0.4,
        }),
    ],
    [
      0.16,
      async () => {
        const heardBy = one([['them', 'us'], ['them'], []]);
        const { prompt, ...playing } = aPlaying(one(known));
        const said = { ...prompt, ...(roll() < 0.5 && { saysPurpose: true }) };
        const { seq } = await notices.tell({ ...playing, prompt: said, whole: roll() < 0.9, heardBy });
        played.push(seq);
      },
    ],
    [0.05, async () => played.length > 0 && notices.found(one(played), { found: false, excused: false })],
    [
      0.12,
      () =>
        directives.add({
          ...{ callId: one(known), at: time(), kind: one(['decline', 'allow', 'allow', 'undo', 'mask']) },
          ...{ how: one(['digits', 'dialplan', 'button']), who: '9', legId: one(['them', 'us', null]) },
        }),
    ],
    [0.12, account],
    [0.03, () => calls.absorb(known.splice(Math.floor(roll() * known.length), 1)[0]!, one(known))],
    [0.01, () => names.remove([one(known)], T0 + 9 * DAY)],
    [0.01, async () => Promise.all((await testCalls.left()).map(({ id }) => testCalls.remove(id)))],
    [
      0.01,
      async () => {
        const [on, from] = [pbx(), time()];
        await watch.open(on, from, because('not_seen'));
        await watch.close(on, from + Math.floor(roll() * 1_200_000));
      },
    ],
    [0.05, async () => one(byHand).run(Math.floor(roll() * known.length))],
    [0.02, () => ledger.count()],
  ];
  const all = deeds.reduce((sum, [share]) => sum + share, 0);
  const deed = () => {
    let left = roll() * all;
    return deeds.find(([share]) => {
      left -= share;
      return left <= 0;
    })![1]();
  };

  await compare(t, 'nothing yet', catalogue, one);
  await calls.save(call(known[known.push(mint('C')) - 1]!), coverage());
  for (let n = AT_ONCE; n <= CHANGES; n += AT_ONCE) {
    for (const done of await Promise.allSettled(Array.from({ length: AT_ONCE }, deed)))
      if (done.status === 'rejected' && !REFUSED.test(done.reason.code)) throw done.reason;
    if (n % 300 !== 0) continue;
    await compare(t, `after ${n} changes`, catalogue, one);
    while ((await ledger.count()) > 0);
    const [kept, recount] = [KEPT, RECOUNT].map((sql) => db.prepare(sql).all());
    t.same(kept, recount, `after ${n} changes, the tables recounted`);
    await compare(t, `after ${n} changes, all counted`, catalogue, one);
  }
});

t.test('calls of before there were counts are counted after the upgrade', async (t) => {
  const { catalogue, path } = await opened(t);
  for (const n of [0, 1, 2]) await catalogue.calls.save(aCall(`C${n}`, { startedAt: T0 + n * DAY }));
  await catalogue.stop();
  const db = new Database(path);
  t.teardown(() => db.close());
  const before = migrations.findIndex((sql) => sql.includes('CREATE TABLE consent_counts'));
  const made = db
    .prepare("SELECT type, name FROM sqlite_schema WHERE name LIKE 'consent_%' AND name <> 'consents'")
    .all() as { type: string; name: string }[];
  for (const type of ['trigger', 'table'])
    for (const one of made) if (one.type === type) db.exec(`DROP ${type} ${one.name}`);
  // What came after the counts.
  db.exec(
    'ALTER TABLE prompts DROP COLUMN says_purpose; ALTER TABLE privacy_requests DROP COLUMN confirmed_day',
  );
  // From before there were any, and from before they had whether it was said who records.
  const last = migrations.findLastIndex((sql) => sql.includes('CREATE TABLE consent_counts'));
  for (const version of [before, last]) {
    db.pragma(`user_version = ${version}`);
    const upgraded = createSqliteCatalogue({ path });
    await upgraded.start();
    const due = db.prepare('SELECT count(*) FROM consent_due').pluck();
    t.equal(due.get(), 3);
    while ((await upgraded.ledger.count()) > 0);
    t.same([due.get(), db.prepare(KEPT).all()], [0, db.prepare(RECOUNT).all()]);
    await upgraded.stop();
  }
});
