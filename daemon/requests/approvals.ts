import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord } from '../catalogue/entries.js';
import type { NewApproval } from '../catalogue/people/approvals.js';
import {
  ALONE_COOL_OFF_MS,
  APPROVE_WITHIN_MS,
  APPROVER,
  type Approval,
  type ApprovalAct,
  allows,
  digestOfShown,
  isOpen,
  type JsonValue,
  LONGEST_COOL_OFF_MS,
  POLICY_ACTS,
  stateOf,
} from '../domain/approval/approval.js';
import {
  factorFault,
  INDEPENDENT_AFTER_MS,
  mayApprove,
  othersCanApprove,
  type SecondPersonFault,
} from '../domain/approval/second-person.js';
import type { AuditAction, NewEntry } from '../domain/assurance/audit.js';
import { iso } from '../domain/days.js';
import { fail } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { APPROVALS } from '../domain/operations/control/approvals.js';
import type { ControlAnswer, ControlHandlers } from '../domain/operations/control.js';
import type { GivenFactor } from '../domain/people/factor.js';
import { mayDo, type Person } from '../domain/people/person.js';
import type { PolicyDraft } from '../domain/policy/draft.js';
import { reasonFrom } from '../domain/typed.js';
import type { Asker, Askers } from './askers.js';

/** So many that are over are listed. */
const MOST_OVER = 30;
const PASSKEYS_ONLY =
  'Here only a passkey counts that was added under a name in [web] hosts: [approvals] in tapedeck.toml says so.';

export type ApprovalDeps = {
  catalogue: Verbs<
    | 'approvals.ask'
    | 'approvals.get'
    | 'approvals.open'
    | 'approvals.over'
    | 'approvals.newest'
    | 'approvals.ties'
    | 'audited'
    | 'people.list'
    | 'people.get'
    | 'factors.totp'
    | 'factors.passkeys'
  >;
  askers: Pick<Askers, 'of' | 'approver'>;
  alarms: Pick<Alarms, 'raise'>;
  /** Only passkeys for these host names approve; left out or null: apps and passkeys do. */
  passkeysFor?: readonly string[] | null;
  clock: () => number;
  mint: (at: number) => string;
};

/** What is asked for: the object that is acted on, and everything that the second person is to see. */
type Asked = { act: ApprovalAct; object: string; shown: JsonValue };
type View = ControlAnswer<'approve'>;
type Because = NonNullable<View['because']>;
export type ApprovalsOf = ReturnType<typeof createApprovals>;

/**
 * Two-person control: one person asks for an act with a reason, another approves exactly what was shown to them, and then the first one may do
 * it. Each step is written into the audit log in its own transaction.
 */
export function createApprovals(deps: ApprovalDeps) {
  const { catalogue, askers, alarms, passkeysFor = null, clock, mint } = deps;
  const approves = ({ host }: Pick<GivenFactor, 'host'>) =>
    passkeysFor === null || (host !== null && passkeysFor.includes(host));

  /** Throws `forbidden` for the command line and for API tokens: neither asks, approves or uses. */
  function personOf({ person }: Asker): Person {
    if (!person) throw fail('forbidden', 'On the box, approvals can only be listed and withdrawn.');
    if (person.only) throw fail('forbidden', 'This cannot be done with an API token.');
    return person;
  }

  const entryFor = (asker: Asker, action: AuditAction, a: Omit<NewApproval, 'shown'> | Approval): NewEntry =>
    asker.entry(action, {
      ...{ object: 'approval', object_id: a.id, reason: a.reason },
      detail: {
        ...{ act: a.act, act_object: a.object, digest: a.digest, asked_by: a.askedBy.name },
        ...('approvedBy' in a && a.approvedBy ? { approved_by: a.approvedBy.name } : {}),
        ...(a.alone ? { alone: true } : {}),
      },
    });

  /** When somebody added each of the second factors by which they could approve. */
  async function factorsOf(id: string): Promise<number[]> {
    const totp = await catalogue.factors.totp(id);
    const passkeys = await catalogue.factors.passkeys(id);
    return [...(totp ? [{ ...totp, host: null }] : []), ...passkeys]
      .filter(approves)
      .map(({ addedAt }) => addedAt);
  }

  /** Everything that says whether somebody may approve, read once for a whole list. */
  async function standingOf(person: Person) {
    return {
      person,
      people: await catalogue.people.list(),
      ties: await catalogue.approvals.ties(person.id),
      factors: await factorsOf(person.id),
      local: (await catalogue.people.get(person.id))?.source === 'local',
    };
  }
  type Approver = Awaited<ReturnType<typeof standingOf>>;

  function faultOf(a: Approval, of: Approver): { code: Because; until: number | null } | null {
    if (!mayDo(of.person, APPROVER[a.act])) return { code: 'right', until: null };
    const fault = secondFault(a, of);
    if (fault?.code === 'factor_missing' && passkeysFor !== null)
      return { code: 'passkey_missing', until: null };
    return fault ?? (of.local ? null : { code: 'outside', until: null });
  }
  function secondFault(a: Approval, { person, people, ties, factors }: Approver): SecondPersonFault | null {
    const now = clock();
    const fault = mayApprove({ asker: a.askedBy.id, approver: person.id, ties, now });
    const alone = fault?.code === 'own' && a.alone && !othersCanApprove(people, person.id, a.act);
    return (alone ? null : fault) ?? factorFault(factors, now);
  }
  /** Throws `approval_factor` unless this one factor counts, whatever others the person has. Null: it was a recovery code. */
  function refuseGiven(factor: GivenFactor | null): void {
    if (factor === null) throw fail('approval_factor', 'A recovery code was given, which never counts.');
    if (!approves(factor)) throw fail('approval_factor', PASSKEYS_ONLY);
    const { since } = factor;
    if (factorFault([since], clock()))
      throw fail(
        'approval_factor',
        `The one that was given counts from ${iso(since + INDEPENDENT_AFTER_MS)}.`,
      );
  }

  function view(a: Approval, of: Approver | null): View {
    const state = stateOf(a, clock());
    const fault = of && state === 'waiting' ? faultOf(a, of) : null;
    const open = isOpen(a, clock());
    return {
      ...{ id: a.id, act: a.act, object: a.object, digest: a.digest, shown: a.shown, reason: a.reason },
      ...{ asked_by: a.askedBy, asked_at: a.askedAt, expires_at: a.expiresAt, not_before: a.notBefore },
      ...{ alone: a.alone, approved_by: a.approvedBy, approved_at: a.approvedAt },
      ...{ used_at: a.usedAt, withdrawn_at: a.withdrawnAt, state },
      may_withdraw: open && (!of || of.person.id === a.askedBy.id || mayDo(of.person, APPROVER[a.act])),
      may_approve: of !== null && state === 'waiting' && !fault,
      may_save: POLICY_ACTS.includes(a.act) && state === 'approved' && of?.person.id === a.askedBy.id,
      ...{ because: fault?.code ?? null, until: fault?.until ?? null },
    };
  }

  const approvals = {
    /**
     * Asks for the approval of a second person. Where nobody else could approve, the person who asks may do so themselves: after 7 days, and
     * with an alarm that leaves the box at once. `coolOffMs`: it cannot be used before. `draft`: the policy that is saved then. Throws `forbidden`, `request_invalid`,
     * `too_many`, `audit_unwritable`.
     */
    async ask(
      asker: Asker,
      what: Asked & { reason: string; coolOffMs?: number },
      draft?: PolicyDraft,
    ): Promise<Approval> {
      const person = personOf(asker);
      const { act, object, shown, coolOffMs = 0 } = what;
      const reason = reasonFrom(what.reason);
      if (reason === '') throw fail('request_invalid', 'reason: say why this is needed');
      const digest = digestOfShown(shown);
      const at = clock();
      const alone =
        mayDo(person, APPROVER[act]) && !othersCanApprove(await catalogue.people.list(), person.id, act);
      const coolOff = Math.min(Math.max(coolOffMs, alone ? ALONE_COOL_OFF_MS : 0), LONGEST_COOL_OFF_MS);
      const asked: NewApproval = {
        ...{ id: mint(at), act, object, digest, shown, reason, alone },
        ...{ askedBy: { id: person.id, name: person.name }, askedAt: at },
        ...{ notBefore: at + coolOff, expiresAt: at + coolOff + APPROVE_WITHIN_MS },
      };
      const kept = await onRecord<Approval>(catalogue, entryFor(asker, 'approval_ask', asked), (c) =>
        c.approvals.ask(asked, draft),
      );
      if (alone)
        alarms.raise(`approval_alone ${asked.id}`, {
          severity: 'critical',
          why: { code: 'approval_alone', params: { act, name: person.name, at: asked.notBefore } },
          forMs: coolOff,
        });
      return kept;
    },

    /**
     * Uses an approval for exactly what is shown now, on record, before it is done. Throws `approval_missing` unless this person asked for
     * it and it counts; `forbidden`, `audit_unwritable`. `more`: entries that are written with it. What lasts has an entry of its first use
     * alone.
     */
    async use(
      asker: Asker,
      { id, ...what }: Asked & { id: string },
      more: () => NewEntry[] = () => [],
    ): Promise<Approval> {
      const person = personOf(asker);
      const found = await catalogue.approvals.get(id);
      if (!found || found.askedBy.id !== person.id) throw fail('approval_missing');
      const exactly = { act: what.act, object: what.object, digest: digestOfShown(what.shown) };
      return onRecord<Approval>(
        catalogue,
        (used) => [...(found.usedAt === null ? [entryFor(asker, 'approval_use', used)] : []), ...more()],
        (c) => c.approvals.use(id, exactly, clock()),
      );
    },

    /** Returns the newest approval that this person asked for, and whether it allows exactly this now; null where there is none. */
    async newest(person: Person, what: Asked): Promise<{ approval: Approval; allowed: boolean } | null> {
      const approval = await catalogue.approvals.newest(what, person.id);
      if (!approval) return null;
      const exactly = { act: what.act, object: what.object, digest: digestOfShown(what.shown) };
      return { approval, allowed: allows(approval, exactly, clock()) };
    },
  };

  const handlers: Pick<ControlHandlers, keyof typeof APPROVALS> = {
    async approvals({ by }) {
      const asker = await askers.of(by);
      const of = asker.person && (await standingOf(personOf(asker)));
      const sees = (a: Approval) => !of || a.askedBy.id === of.person.id || mayDo(of.person, APPROVER[a.act]);
      const views = (all: Approval[]) => all.filter(sees).map((a) => view(a, of));
      const now = clock();
      return {
        open: views(await catalogue.approvals.open(now)),
        over: views(await catalogue.approvals.over(now, MOST_OVER)),
      };
    },

    async approve(body) {
      const { by, id, digest } = body;
      const person = personOf(await askers.of(by));
      const found = await catalogue.approvals.get(id);
      if (!found) throw fail('approval_unknown');
      if (stateOf(found, clock()) !== 'waiting') throw fail('approval_over');
      if (found.digest !== digest) throw fail('approval_changed');
      const of = await standingOf(person);
      const fault = faultOf(found, of);
      if (fault) throw refusal(fault);
      const { asker, factor } = await askers.approver(body, APPROVER[found.act]);
      refuseGiven(factor);
      const approved = await onRecord<Approval>(
        catalogue,
        (approved) => entryFor(asker, 'approval_give', approved),
        (c) => c.approvals.approve(id, { digest, by: { id: person.id, name: person.name }, at: clock() }),
      );
      return view(approved, of);
    },

    async withdraw_approval({ by, id }) {
      const asker = await askers.of(by);
      const person = asker.person && personOf(asker);
      const found = await catalogue.approvals.get(id);
      if (!found) throw fail('approval_unknown');
      if (person && person.id !== found.askedBy.id && !mayDo(person, APPROVER[found.act]))
        throw fail('forbidden');
      await onRecord<Approval>(
        catalogue,
        (withdrawn) => (found.withdrawnAt === null ? entryFor(asker, 'approval_withdraw', withdrawn) : null),
        (c) => c.approvals.withdraw(id, clock()),
      );
      return {};
    },
  };

  return { ...approvals, handlers };
}

function refusal({ code, until }: { code: Because; until: number | null }) {
  const when = until === null ? '' : `Possible from ${iso(until)}.`;
  if (code === 'own') return fail('approval_own');
  if (code === 'tied') return fail('approval_tied', when);
  if (code === 'outside') return fail('local_account_needed');
  if (code === 'right') return fail('forbidden');
  if (code === 'passkey_missing') return fail('approval_factor', PASSKEYS_ONLY);
  return fail('approval_factor', when);
}
