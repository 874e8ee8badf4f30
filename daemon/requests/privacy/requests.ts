import type { Verbs } from '../../catalogue/catalogue.js';
import { onRecord } from '../../catalogue/entries.js';
import type { StoredCall } from '../../catalogue/stored-call.js';
import { clean } from '../../domain/call/party.js';
import { dates } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import type { PRIVACY } from '../../domain/operations/control/privacy.js';
import type { By } from '../../domain/operations/control/request.js';
import type { ControlHandlers } from '../../domain/operations/control.js';
import { sees } from '../../domain/people/reach.js';
import { canExtend } from '../../domain/privacy/deadline.js';
import { cleanLetter } from '../../domain/privacy/letter-facts.js';
import { letterFault } from '../../domain/privacy/letters.js';
import { type Asked, matcher } from '../../domain/privacy/matching.js';
import {
  answerFault,
  factsFault,
  type Kept,
  keptFault,
  type PrivacyFacts,
  type PrivacyRequest,
  saysWhatIsKept,
} from '../../domain/privacy/request.js';
import { isId } from '../../domain/recording/recording.js';
import { reasonFrom } from '../../domain/typed.js';
import type { Asker, Askers } from '../askers.js';
import { nameOf } from '../rules.js';

export type PrivacyDeps = {
  catalogue: Verbs<
    | 'calls.get'
    | 'holds.guard'
    | 'recordings.of'
    | 'privacyRequests.add'
    | 'privacyRequests.change'
    | 'privacyRequests.extend'
    | 'privacyRequests.exclude'
    | 'privacyRequests.exclusions'
    | 'privacyRequests.close'
    | 'privacyRequests.get'
    | 'privacyRequests.saveLetter'
    | 'audited'
  >;
  askers: Pick<Askers, 'may'>;
  /** The calls of a request, newest first, see `matching`. */
  callsAsked(asked: Asked): Promise<{ calls: StoredCall[]; more: boolean }>;
  site: { timeZone: string; region: string };
  /** Looks at once which deadlines are near. */
  deadlines: { look(): Promise<void> };
  clock: () => number;
  mint: (at: number) => string;
};

const LONGEST = { name: 120, contact: 300, identity: 300, number: 40, reason: 300, note: 1_000 };

const cleaned = ({ name, contact, identity, numbers, ...facts }: PrivacyFacts): PrivacyFacts => ({
  ...facts,
  name: clean(name, LONGEST.name),
  contact: clean(contact, LONGEST.contact),
  identity: clean(identity, LONGEST.identity),
  numbers: [...new Set(numbers.map((number) => clean(number, LONGEST.number)))],
});

/**
 * The desk for requests of people about recordings of themselves. Each act is on record in its own transaction; no entry says who
 * asked, so that the log can be kept when the request is forgotten.
 */
export function createPrivacyRequests(
  deps: PrivacyDeps,
): Pick<ControlHandlers, Exclude<keyof typeof PRIVACY, 'open_own_side'>> {
  const { catalogue, askers, site, deadlines, clock, mint } = deps;
  const today = (zone: string) => dates(zone)(clock());

  /** Throws `forbidden` for an API token. */
  async function asking(by: By): Promise<Asker & { name: string }> {
    const asker = await askers.may(by, 'privacy');
    if (asker.person?.only) throw fail('forbidden', 'This cannot be done with an API token.');
    return { ...asker, name: nameOf(by, asker.person?.name) };
  }

  async function known(id: string): Promise<PrivacyRequest> {
    const found = await catalogue.privacyRequests.get(id);
    if (!found) throw fail('privacy_unknown', id);
    return found;
  }

  function fit(given: PrivacyFacts, region: string, zone: string): PrivacyFacts {
    const facts = cleaned(given);
    if (facts.name === '') throw fail('privacy_invalid', 'Enter who asks.');
    const fault = factsFault(facts, region, today(zone));
    if (fault) throw fail('privacy_invalid', fault);
    return facts;
  }

  /** The recordings of the calls of a request that nobody left out, and how many of them cannot be erased now. */
  async function keptOf(request: PrivacyRequest): Promise<Kept> {
    const { calls, more } = await deps.callsAsked(request);
    const out = new Set((await catalogue.privacyRequests.exclusions(request.id)).map((one) => one.callId));
    let [kept, held] = [0, 0];
    // Versions from before a redaction too.
    for (const { id } of calls.filter((call) => !call.test && !out.has(call.id)))
      for (const recording of await catalogue.recordings.of(id)) {
        if (recording.state === 'erased') continue;
        kept += 1;
        if ((await catalogue.holds.guard(recording.id, clock())) !== null) held += 1;
      }
    return { kept, held, more };
  }

  const about = ({ id, number, kind }: PrivacyRequest, more: Record<string, string | string[]> = {}) => ({
    ...{ object: 'privacy', object_id: id },
    detail: { number, kind, ...more },
  });

  return {
    async add_privacy({ by, facts: given }) {
      const asker = await asking(by);
      const { timeZone: zone, region } = site;
      const facts = fit(given, region, zone);
      const at = clock();
      const request = { ...facts, id: mint(at), zone, region, enteredBy: asker.name, enteredAt: at };
      const { id, number } = await onRecord<PrivacyRequest>(
        catalogue,
        (added) => asker.entry('privacy_add', about(added, { received: added.received })),
        (c) => c.privacyRequests.add(request),
      );
      void deadlines.look();
      return { id, number };
    },

    async change_privacy({ by, id, facts: given }) {
      const asker = await asking(by);
      const { region, zone } = await known(id);
      const facts = fit(given, region, zone);
      await onRecord<PrivacyRequest>(
        catalogue,
        (changed) => asker.entry('privacy_change', about(changed)),
        (c) => c.privacyRequests.change(id, facts),
      );
      void deadlines.look();
      return {};
    },

    async extend_privacy({ by, id, reason: given }) {
      const asker = await asking(by);
      const reason = reasonFrom(given, LONGEST.reason);
      if (reason === '') throw fail('privacy_invalid', 'Say why the deadline is extended.');
      const request = await known(id);
      if (request.state !== 'open') throw fail('privacy_closed', `Request ${request.number}`);
      if (!canExtend(request, clock())) throw fail('privacy_late');
      await onRecord<PrivacyRequest>(
        catalogue,
        (extended) => asker.entry('privacy_extend', about(extended)),
        (c) => c.privacyRequests.extend(id, reason, asker.name, clock()),
      );
      void deadlines.look();
      return {};
    },

    async exclude_call({ by, id, call: callId, reason: given }) {
      const asker = await asking(by);
      const request = await known(id);
      const stored = isId(callId) ? await catalogue.calls.get(callId) : null;
      const seen = stored && !stored.test && (!asker.person || sees(asker.person, stored));
      if (!stored || !seen || !matcher(request)(stored)) throw fail('call_unknown');
      const reason = given === null ? null : reasonFrom(given, LONGEST.reason);
      if (reason === '') throw fail('privacy_invalid', 'Say why the call is left out.');
      await onRecord<void>(
        catalogue,
        asker.entry(
          'privacy_exclude',
          about(request, { call: stored.id, change: reason === null ? 'in' : 'out' }),
        ),
        (c) =>
          c.privacyRequests.exclude(
            id,
            stored.id,
            reason === null ? null : { reason, by: asker.name, at: clock() },
          ),
      );
      return {};
    },

    async save_letter({ by, letter, text: given }) {
      const asker = await asking(by);
      const text = given === null ? null : cleanLetter(given);
      const fault = text === null ? null : letterFault(text);
      if (fault) throw fail('privacy_invalid', fault);
      await onRecord<void>(
        catalogue,
        asker.entry('privacy_letter', {
          ...{ object: 'privacy_letter', object_id: letter },
          detail: { letter, change: text === null ? 'standard' : 'own' },
        }),
        (c) =>
          c.privacyRequests.saveLetter(letter, text === null ? null : { text, by: asker.name, at: clock() }),
      );
      return {};
    },

    async close_privacy({ by, id, answer: given }) {
      const asker = await asking(by);
      const request = await known(id);
      const answer = { ...given, note: clean(given.note, LONGEST.note) };
      if (request.state === 'closed') throw fail('privacy_closed', `Request ${request.number}`);
      const fault = answerFault(request, answer, today(request.zone));
      if (fault) throw fail('privacy_invalid', fault);
      const kept = saysWhatIsKept(request, answer) ? keptFault(request, answer, await keptOf(request)) : null;
      if (kept) throw fail('privacy_invalid', kept);
      const { day, outcome, grounds } = answer;
      await onRecord<PrivacyRequest>(
        catalogue,
        (closed) => asker.entry('privacy_close', about(closed, { answered: day, outcome, grounds })),
        (c) => c.privacyRequests.close(id, answer, asker.name, clock()),
      );
      void deadlines.look();
      return {};
    },
  };
}
