import { createHash } from 'node:crypto';
import { Compile } from 'typebox/compile';
import type { Verbs } from '../../catalogue/catalogue.js';
import { onRecord } from '../../catalogue/entries.js';
import { digestOfShown, type JsonValue } from '../../domain/approval/approval.js';
import { isBlank } from '../../domain/blank.js';
import { clean } from '../../domain/call/party.js';
import { iso, isoOrNull } from '../../domain/days.js';
import { fail, TapedeckError } from '../../domain/error.js';
import type { HOLDS } from '../../domain/operations/control/holds.js';
import type { By } from '../../domain/operations/control/request.js';
import type { ControlHandlers } from '../../domain/operations/control.js';
import {
  type HoldQuery,
  type HoldRelease,
  Letting,
  type Matter,
  queryFault,
} from '../../domain/retention/hold.js';
import { reasonFrom } from '../../domain/typed.js';
import { slices } from '../../ops/turns.js';
import type { ApprovalsOf } from '../approvals.js';
import type { Asker, Askers } from '../askers.js';
import { nameOf } from '../rules.js';

export type HoldDeps = {
  catalogue: Verbs<
    | 'holds.open'
    | 'holds.widen'
    | 'holds.pick'
    | 'holds.get'
    | 'holds.of'
    | 'holds.leaving'
    | 'holds.newestPlace'
    | 'holds.release'
    | 'approvals.get'
    | 'audited'
  >;
  approvals: Pick<ApprovalsOf, 'ask'>;
  askers: Pick<Askers, 'may'>;
  /** Has queries worked out, and releases carried out, from now on. */
  holding: { work(): void };
  /** How long a release waits from when it was asked for, in ms. */
  coolOffMs: number;
  clock: () => number;
  mint: (at: number) => string;
};

/** How many recordings of a list are read at once. */
const PAGE = 1_000;
/** A matter that goes on to catch calls changes while the list is read; then it is read again so often. */
const TRIES = 5;

const letting = Compile(Letting);
const isLetting = (value: unknown): value is Letting => letting.Check(value);

/** A query as the second person reads it: its times are ISO 8601. */
const readable = (query: HoldQuery | null) =>
  query && { ...query, from: isoOrNull(query.from), to: isoOrNull(query.to) };

/** Opens matters, adds to them, and releases what two people have agreed on. Each deed is on record in its own transaction. */
export function createHoldRequests(deps: HoldDeps): Pick<ControlHandlers, keyof typeof HOLDS> {
  const { catalogue, approvals, askers, holding, coolOffMs, clock, mint } = deps;

  /** Throws `forbidden` for an API token: programs read what is held, and change nothing. */
  async function asking(by: By): Promise<Asker> {
    const asker = await askers.may(by, 'oversee');
    if (asker.person?.only) throw fail('forbidden', 'This cannot be done with an API token.');
    return asker;
  }

  function reasonOf(given: string): string {
    const reason = reasonFrom(given);
    if (reason === '') throw fail('request_invalid', 'reason: say why');
    return reason;
  }

  function refuseFaulty(query: HoldQuery | null): void {
    const fault = query && queryFault(query);
    if (fault) throw fail('hold_invalid', fault);
  }

  async function open(id: string): Promise<Matter> {
    const matter = await catalogue.holds.get(id);
    if (!matter) throw fail('matter_unknown', id);
    if (matter.state === 'released') throw fail('matter_released', matter.name);
    return matter;
  }

  /**
   * Everything that the second person sees, and the approval counts for: a changed name, query or list makes another digest.
   * What the query catches after `upto` changes nothing of it, and is not released by it.
   */
  async function shownOf(matter: Matter, asked: Letting, upto: number) {
    const list = createHash('sha256');
    let recordings = 0;
    const pages = slices(
      (after: number) => catalogue.holds.leaving(matter.id, asked, { after, upto }, PAGE),
      0,
    );
    for await (const { items } of pages) {
      for (const { recordingId, why, seq } of items) list.update(`${seq} ${recordingId} ${why}\n`);
      recordings += items.length;
    }
    const { id, name, reason, query, openedBy, openedAt, held } = matter;
    const about = { id, name, reason, opened_by: openedBy, opened_at: iso(openedAt), picked: held.picked };
    const shown = {
      matter: { ...about, query: readable(query) },
      ...(asked.what === 'query' ? { new_query: readable(asked.query) } : {}),
      ...{ letting: asked, upto, recordings, list_sha256: list.digest('hex') },
    };
    return { recordings, shown: shown as unknown as JsonValue };
  }

  async function refuseUnfit(matter: Matter, asked: Letting): Promise<void> {
    if (matter.state === 'releasing') throw fail('matter_changed', 'A release of it is being carried out.');
    if (asked.what === 'query') refuseFaulty(asked.query);
    if (asked.what !== 'recordings') return;
    const held = await catalogue.holds.of(asked.recordings);
    for (const recording of asked.recordings) {
      const here = held.find((row) => row.recordingId === recording && row.matter === matter.id);
      if (!here) throw fail('hold_invalid', `The matter does not hold the recording ${recording}.`);
      if (here.why === 'query')
        throw fail(
          'hold_invalid',
          `The query asks for the recording ${recording}: narrow the query to release it.`,
        );
    }
  }

  return {
    async open_matter({ by, name, query, recordings, ...given }) {
      const asker = await asking(by);
      const reason = reasonOf(given.reason);
      if (isBlank(name)) throw fail('request_invalid', 'name: give the matter a name');
      refuseFaulty(query);
      const at = clock();
      const openedBy = nameOf(by, asker.person?.name);
      const matter = { id: mint(at), name: clean(name, 80), reason, query, openedBy, openedAt: at };
      const about = { object: 'matter', object_id: matter.id, reason };
      await onRecord(
        catalogue,
        asker.entry('hold_open', {
          ...about,
          detail: { query: query !== null, recordings: recordings.length },
        }),
        (c) => c.holds.open(matter, recordings),
      );
      holding.work();
      return { id: matter.id };
    },

    async widen_matter({ by, id, query, ...given }) {
      const asker = await asking(by);
      const reason = reasonOf(given.reason);
      refuseFaulty(query);
      await open(id);
      const about = { object: 'matter', object_id: id, reason, detail: { change: 'query' } };
      await onRecord<Matter>(catalogue, asker.entry('hold_add', about), (c) => c.holds.widen(id, query));
      holding.work();
      return {};
    },

    async hold_recordings({ by, id, recordings, ...given }) {
      const asker = await asking(by);
      const reason = reasonOf(given.reason);
      await open(id);
      const added = await onRecord<string[]>(
        catalogue,
        (added) =>
          added.length === 0
            ? null
            : asker.entry('hold_add', {
                ...{ object: 'matter', object_id: id, reason },
                detail: { change: 'recordings', recordings: added },
              }),
        (c) => c.holds.pick(id, recordings, nameOf(by, asker.person?.name), clock()),
      );
      return { added: added.length };
    },

    async ask_release({ by, id, letting: asked, reason }) {
      const asker = await asking(by);
      const matter = await open(id);
      await refuseUnfit(matter, asked);
      const upto = await catalogue.holds.newestPlace();
      const { shown, recordings } = await shownOf(matter, asked, upto);
      const approval = await approvals.ask(asker, {
        ...{ act: 'release_hold', object: id, shown, reason, coolOffMs },
      });
      return { approval: approval.id, not_before: approval.notBefore, recordings };
    },

    async release_matter({ by, id, approval: approvalId }) {
      const asker = await asking(by);
      const { person } = asker;
      const approval = await catalogue.approvals.get(approvalId);
      const said = approval?.shown as { letting?: unknown; upto?: unknown } | null | undefined;
      const own = person && approval?.askedBy.id === person.id && approval.act === 'release_hold';
      if (!own || approval.object !== id || !isLetting(said?.letting) || !Number.isInteger(said.upto))
        throw fail('approval_missing');
      const [asked, upto] = [said.letting, said.upto as number];
      for (let tries = 1; ; tries++) {
        const matter = await open(id);
        const { shown, recordings } = await shownOf(matter, asked, upto);
        const at = clock();
        const approved = { digest: digestOfShown(shown), revision: matter.revision };
        const approvedBy = approval.approvedBy?.name ?? '';
        const release = {
          ...{ id: mint(at), matter: id, upto, letting: asked, approval: approvalId, at },
          ...{ reason: approval.reason, askedBy: person.name, approvedBy },
        };
        const entry = asker.entry('hold_release', {
          ...{ object: 'matter', object_id: id, reason: approval.reason },
          detail: {
            ...{ what: asked.what, recordings, approval: approvalId, digest: approved.digest },
            ...{ approved_by: approvedBy, alone: approval.alone },
          },
        });
        try {
          await onRecord<HoldRelease>(catalogue, entry, (c) => c.holds.release(release, approved));
          break;
        } catch (e) {
          if (!(e instanceof TapedeckError && e.code === 'matter_changed') || tries === TRIES) throw e;
        }
      }
      holding.work();
      return {};
    },
  };
}
