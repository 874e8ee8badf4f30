import { type Static, Type } from 'typebox';
import {
  APPROVER,
  type Approval,
  type ApprovalAct,
  type ApprovalPerson,
  allows,
  digestOfShown,
  type JsonValue,
  stateOf,
  usableUntil,
} from '../../../domain/approval/approval.js';
import { mayApprove, othersCanApprove, type Tie, tieKinds } from '../../../domain/approval/second-person.js';
import { iso } from '../../../domain/days.js';
import { fail } from '../../../domain/error.js';
import { mayDo } from '../../../domain/people/person.js';
import { PolicyDraft } from '../../../domain/policy/draft.js';
import type { NewApproval } from '../../people/approvals.js';
import type { Standing, User } from '../../people.js';
import { Flag, noun, oneOf, orNull, type Reader, Text, Time, unreadable } from '../checked.js';
import type { Db } from '../db.js';

/** So many can be open at once: a page shows all of them. */
const MOST_OPEN = 50;
/** Ties are kept for so long: longer than any of them counts. */
const TIES_KEPT_MS = 60 * 86_400_000;

const Row = Type.Object({
  ...{
    id: Text,
    act: oneOf<ApprovalAct>({
      ...{ hear_older: true, release_hold: true, erase: true, shorten_retention: true },
      loosen_approvals: true,
    }),
  },
  ...{ object: Text, digest: Text, shown: Type.Unknown(), reason: Text },
  ...{ asked_by: Text, asked_name: Text, asked_at: Time, expires_at: Time, not_before: Time, alone: Flag },
  ...{ approved_by: orNull(Text), approved_name: Text, approved_at: orNull(Time) },
  ...{ used_at: orNull(Time), withdrawn_at: orNull(Time) },
});

function toApproval(row: Static<typeof Row>): Approval {
  const shown = row.shown as JsonValue;
  if (digestOfShown(shown) !== row.digest) unreadable('"shown" does not match its digest');
  return {
    ...{ id: row.id, act: row.act, object: row.object, digest: row.digest, shown, reason: row.reason },
    askedBy: { id: row.asked_by, name: row.asked_name },
    ...{ askedAt: row.asked_at, expiresAt: row.expires_at },
    approvedBy: row.approved_by === null ? null : { id: row.approved_by, name: row.approved_name },
    ...{ approvedAt: row.approved_at, notBefore: row.not_before, alone: row.alone === 1 },
    ...{ usedAt: row.used_at, withdrawnAt: row.withdrawn_at },
  };
}

const approval = noun({
  table: 'approvals',
  key: (row) => row.id,
  json: ['shown'],
  shape: Row,
  make: toApproval,
});
const kept = noun({
  table: 'policy_drafts',
  key: (row) => row.approval,
  json: ['draft'],
  shape: Type.Object({ approval: Text, draft: PolicyDraft }),
  make: ({ draft }) => draft,
});
const tie = noun({
  table: 'ties',
  key: (row) => row.subject,
  shape: Type.Object({ actor: Text, subject: Text, what: Type.Enum([...tieKinds]), at: Time }),
  make: (row): Tie => row,
});

/** Two-person control: what waits for a second person, and who is no second person for whom. */
export function createApprovals(
  db: Db,
  reader: Reader,
  users: { standing(id: string): Standing | null; all(): User[] },
) {
  const add = db.prepare(`
    INSERT INTO approvals (
      id, act, object, digest, shown, reason, asked_by, asked_name, asked_at, expires_at, not_before, alone
    ) VALUES (
      $id, $act, $object, $digest, $shown, $reason, $askedBy, $askedName, $askedAt, $expiresAt, $notBefore, $alone
    )`);
  const one = db.prepare('SELECT * FROM approvals WHERE id = ?');
  const OPEN = "withdrawn_at IS NULL AND expires_at > $now AND (used_at IS NULL OR act = 'hear_older')";
  const open = db.prepare(`SELECT * FROM approvals WHERE ${OPEN} ORDER BY asked_at, id`);
  const countOpen = db.prepare(`SELECT count(*) FROM approvals WHERE ${OPEN}`).pluck();
  const over = db.prepare(
    `SELECT * FROM approvals WHERE NOT (${OPEN}) ORDER BY asked_at DESC, id DESC LIMIT $limit`,
  );
  const newest = db.prepare(`
    SELECT * FROM approvals WHERE act = $act AND object = $object AND asked_by = $askedBy
    ORDER BY asked_at DESC, id DESC LIMIT 1`);
  const approve = db.prepare(`
    UPDATE approvals SET approved_by = $by, approved_name = $name, approved_at = $at, expires_at = $expiresAt
    WHERE id = $id`);
  const use = db.prepare('UPDATE approvals SET used_at = coalesce(used_at, $at) WHERE id = $id');
  const withdraw = db.prepare('UPDATE approvals SET withdrawn_at = $at WHERE id = $id');
  const addTie = db.prepare('INSERT INTO ties VALUES ($actor, $subject, $what, $at)');
  const oldTies = db.prepare('DELETE FROM ties WHERE at < ?');
  const ties = db.prepare('SELECT * FROM ties WHERE actor = $person OR subject = $person');

  const keep = db.prepare('INSERT INTO policy_drafts VALUES ($id, $draft)');
  const draft = db.prepare('SELECT * FROM policy_drafts WHERE approval = ?');
  const drop = db.prepare('DELETE FROM policy_drafts WHERE approval = ?');
  const dropOver = db.prepare(
    `DELETE FROM policy_drafts WHERE approval IN (SELECT id FROM approvals WHERE NOT (${OPEN}))`,
  );

  const get = (id: string): Approval | null => reader.one(approval, one.get(id));
  function known(id: string): Approval {
    const found = get(id);
    if (!found) throw fail('approval_unknown');
    return found;
  }
  const tiesOf = (person: string): Tie[] => reader.all(tie, ties.all({ person }));

  /** Throws for somebody who is no second person for this. */
  function refuse({ act, askedBy, alone }: Approval, by: ApprovalPerson, at: number): void {
    const now = users.standing(by.id);
    if (!now) throw fail('not_signed_in');
    if (!mayDo(now.person, APPROVER[act])) throw fail('forbidden');
    const fault = mayApprove({ asker: askedBy.id, approver: by.id, ties: tiesOf(by.id), now: at });
    if (fault?.code === 'own' && alone && !othersCanApprove(users.all(), by.id, act)) return;
    if (fault?.code === 'own') throw fail('approval_own');
    if (fault) throw fail('approval_tied', fault.until === null ? '' : `Possible from ${iso(fault.until)}.`);
  }

  return {
    ask(asked: NewApproval, policy?: PolicyDraft): Approval {
      const { askedBy, ...rest } = asked;
      dropOver.run({ now: asked.askedAt });
      if ((countOpen.get({ now: asked.askedAt }) as number) >= MOST_OPEN)
        throw fail('too_many', `${MOST_OPEN} approvals are open already.`);
      add.run({
        ...rest,
        ...{ askedBy: askedBy.id, askedName: askedBy.name },
        ...{ shown: JSON.stringify(asked.shown), alone: Number(asked.alone) },
      });
      if (policy) keep.run({ id: asked.id, draft: JSON.stringify(policy) });
      return known(asked.id);
    },
    get,
    draft: (id: string): PolicyDraft | null => reader.one(kept, draft.get(id)),
    open: (now: number): Approval[] => reader.all(approval, open.all({ now })),
    over: (now: number, limit: number): Approval[] =>
      reader.fill(approval, limit, (rows) => over.all({ now, limit: rows })),

    approve(id: string, { digest, by, at }: { digest: string; by: ApprovalPerson; at: number }): Approval {
      const found = known(id);
      if (stateOf(found, at) !== 'waiting') throw fail('approval_over');
      if (found.digest !== digest) throw fail('approval_changed');
      refuse(found, by, at);
      approve.run({ id, by: by.id, name: by.name, at, expiresAt: usableUntil(found, at) });
      return known(id);
    },

    use(id: string, what: Pick<Approval, 'act' | 'object' | 'digest'>, at: number): Approval {
      const found = get(id);
      if (!found || !allows(found, what, at)) throw fail('approval_missing');
      const second = found.approvedBy && users.standing(found.approvedBy.id);
      if (!users.standing(found.askedBy.id) || !second || !mayDo(second.person, APPROVER[found.act]))
        throw fail('approval_missing', 'One of the two people no longer has the right.');
      use.run({ id, at });
      drop.run(id);
      return known(id);
    },

    withdraw(id: string, at: number): Approval {
      const found = known(id);
      const state = stateOf(found, at);
      if (state === 'withdrawn') return found;
      if (state === 'used' || state === 'expired') throw fail('approval_over');
      withdraw.run({ id, at });
      drop.run(id);
      return known(id);
    },

    newest: ({ act, object }: Pick<Approval, 'act' | 'object'>, askedBy: string): Approval | null =>
      reader.orNull(approval, newest.get({ act, object, askedBy })),
    ties: tiesOf,

    /** Notes what `actor` does to the account of `subject`; null: nobody who is a person here. */
    tie(actor: string | null, subject: string, what: Tie['what'], at: number): void {
      if (actor === null || actor === subject) return;
      oldTies.run(at - TIES_KEPT_MS);
      addTie.run({ actor, subject, what, at });
    },
  };
}
