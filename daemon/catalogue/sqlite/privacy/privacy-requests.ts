import { type Static, Type } from 'typebox';
import { fail } from '../../../domain/error.js';
import { type LetterKind, letterKinds, type SavedLetter } from '../../../domain/privacy/letters.js';
import {
  type Exclusion,
  isDay,
  MOST_OPEN,
  PrivacyAnswer,
  PrivacyFacts,
  type PrivacyRequest,
  type PrivacyRequestId,
} from '../../../domain/privacy/request.js';
import type { CallId } from '../../../domain/recording/recording.js';
import { isZone } from '../../../domain/zone-times.js';
import type { NewPrivacyRequest } from '../../privacy/privacy-requests.js';
import { Length, noun, orNull, type Reader, Text, Time, unreadable } from '../checked.js';
import type { Db } from '../db.js';

const { kind, from, to, manner, received } = PrivacyFacts.properties;
const { day, outcome, grounds } = PrivacyAnswer.properties;

const Row = Type.Object({
  ...{ id: Text, number: Length, kind, name: Text, contact: Text, identity: Text },
  ...{ numbers: Type.Array(Text), first_day: from, last_day: to, manner, received },
  confirmed_day: orNull(received),
  ...{ zone: Text, region: Text, entered_by: Text, entered_at: Time },
  ...{ extended_by: Text, extended_at: orNull(Time), extended_reason: Text },
  ...{ closed_by: Text, closed_at: orNull(Time), closed_day: orNull(day), outcome: orNull(outcome) },
  ...{ grounds, note: Text, forgotten_at: orNull(Time) },
});

const toRequest = (row: Static<typeof Row>): PrivacyRequest => ({
  ...{ id: row.id, number: row.number, kind: row.kind, name: row.name, contact: row.contact },
  ...{ identity: row.identity, numbers: row.numbers, from: row.first_day, to: row.last_day },
  ...{ manner: row.manner, received: row.received, confirmed: row.confirmed_day },
  ...{ zone: row.zone, region: row.region },
  ...{ enteredBy: row.entered_by, enteredAt: row.entered_at },
  state: row.closed_at !== null ? 'closed' : row.extended_at !== null ? 'extended' : 'open',
  extended:
    row.extended_at === null
      ? null
      : { by: row.extended_by, at: row.extended_at, reason: row.extended_reason },
  closed:
    row.closed_at === null || row.closed_day === null || row.outcome === null
      ? null
      : {
          ...{ by: row.closed_by, at: row.closed_at, day: row.closed_day, outcome: row.outcome },
          ...{ grounds: row.grounds, note: row.note },
        },
  forgottenAt: row.forgotten_at,
});

/** What deadlines are counted by. */
function refuseUncounted(zone: string, days: (string | null)[]): void {
  for (const day of days) if (day !== null && !isDay(day)) unreadable(`"${day}" is not a day`);
  if (!isZone(zone)) unreadable('"zone" is no time zone');
}

const request = noun({
  table: 'privacy_requests',
  key: (row) => row.id,
  json: ['numbers', 'grounds'],
  shape: Row,
  make: (row): PrivacyRequest => {
    refuseUncounted(row.zone, [row.received, row.confirmed_day, row.first_day, row.last_day, row.closed_day]);
    return toRequest(row);
  },
});
const exclusion = noun({
  table: 'privacy_exclusions',
  key: (row) => row.call_id,
  shape: Type.Object({ call_id: Text, reason: Text, by: Text, at: Time }),
  make: ({ call_id: callId, ...row }): Exclusion => ({ callId, ...row }),
});

const letter = noun({
  table: 'privacy_letters',
  key: (row) => row.letter,
  shape: Type.Object({ letter: Type.Enum([...letterKinds]), text: Text, by: Text, at: Time }),
  make: (row): SavedLetter => row,
});

export function createPrivacyRequests(db: Db, reader: Reader) {
  const add = db.prepare(`
    INSERT INTO privacy_requests (
      id, number, kind, name, contact, identity, numbers, first_day, last_day, manner, received, confirmed_day,
      zone, region, entered_by, entered_at
    ) VALUES (
      $id, (SELECT coalesce(max(number), 0) + 1 FROM privacy_requests), $kind, $name, $contact, $identity, $numbers,
      $from, $to, $manner, $received, $confirmed, $zone, $region, $enteredBy, $enteredAt
    )`);
  const change = db.prepare(`
    UPDATE privacy_requests SET kind = $kind, name = $name, contact = $contact, identity = $identity,
      numbers = $numbers, first_day = $from, last_day = $to, manner = $manner, received = $received,
      confirmed_day = $confirmed WHERE id = $id`);
  const one = db.prepare('SELECT * FROM privacy_requests WHERE id = ?');
  const open = db.prepare('SELECT * FROM privacy_requests WHERE closed_at IS NULL ORDER BY received, number');
  const countOpen = db.prepare('SELECT count(*) FROM privacy_requests WHERE closed_at IS NULL').pluck();
  const closed = db.prepare(`
    SELECT * FROM privacy_requests WHERE closed_at IS NOT NULL AND number < ? ORDER BY number DESC LIMIT ?`);
  const extend = db.prepare(`
    UPDATE privacy_requests SET extended_by = $by, extended_at = $at, extended_reason = $reason WHERE id = $id`);
  const close = db.prepare(`
    UPDATE privacy_requests SET closed_by = $by, closed_at = $at, closed_day = $day, outcome = $outcome,
      grounds = $grounds, note = $note WHERE id = $id`);
  const exclude = db.prepare(`
    INSERT INTO privacy_exclusions VALUES ($id, $callId, $reason, $by, $at)
    ON CONFLICT (request_id, call_id) DO UPDATE SET reason = excluded.reason, by = excluded.by, at = excluded.at`);
  const include = db.prepare('DELETE FROM privacy_exclusions WHERE request_id = ? AND call_id = ?');
  const exclusions = db.prepare(
    'SELECT call_id, reason, by, at FROM privacy_exclusions WHERE request_id = ? ORDER BY call_id',
  );
  const forget = db.prepare(`
    UPDATE privacy_requests SET name = '', contact = '', identity = '', numbers = '[]', first_day = NULL,
      last_day = NULL, extended_reason = '', note = '', forgotten_at = $at WHERE id = $id AND forgotten_at IS NULL`);
  const dropExclusions = db.prepare('DELETE FROM privacy_exclusions WHERE request_id = ?');
  const forgettable = db.prepare(`
    SELECT * FROM privacy_requests WHERE closed_at IS NOT NULL AND forgotten_at IS NULL AND closed_day < ?
    ORDER BY number`);

  const letters = db.prepare('SELECT * FROM privacy_letters ORDER BY letter');
  const saveLetter = db.prepare(`
    INSERT INTO privacy_letters VALUES ($letter, $text, $by, $at)
    ON CONFLICT (letter) DO UPDATE SET text = excluded.text, by = excluded.by, at = excluded.at`);
  const dropLetter = db.prepare('DELETE FROM privacy_letters WHERE letter = ?');

  const get = (id: PrivacyRequestId): PrivacyRequest | null => reader.one(request, one.get(id));
  function known(id: PrivacyRequestId): PrivacyRequest {
    const found = get(id);
    if (!found) throw fail('privacy_unknown', id);
    return found;
  }
  function unclosed(id: PrivacyRequestId): PrivacyRequest {
    const found = known(id);
    if (found.state === 'closed') throw fail('privacy_closed', `Request ${found.number}`);
    return found;
  }
  const written = ({ numbers, confirmed = null, ...facts }: PrivacyFacts) => ({
    ...{ ...facts, confirmed },
    numbers: JSON.stringify(numbers),
  });

  return {
    add(given: NewPrivacyRequest): PrivacyRequest {
      if ((countOpen.get() as number) >= MOST_OPEN) throw fail('privacy_full');
      add.run({ ...given, ...written(given) });
      return known(given.id);
    },
    change(id: PrivacyRequestId, facts: PrivacyFacts): PrivacyRequest {
      unclosed(id);
      change.run({ ...written(facts), id });
      return known(id);
    },
    get,
    open: (): PrivacyRequest[] => reader.all(request, open.all()),
    closed: (before: number | null, limit: number): PrivacyRequest[] =>
      reader.fill(request, limit, (rows) => closed.all(before ?? Number.MAX_SAFE_INTEGER, rows)),
    extend(id: PrivacyRequestId, reason: string, by: string, at: number): PrivacyRequest {
      if (unclosed(id).extended) throw fail('privacy_closed', 'It was extended before.');
      extend.run({ id, reason, by, at });
      return known(id);
    },
    close(id: PrivacyRequestId, answer: PrivacyAnswer, by: string, at: number): PrivacyRequest {
      unclosed(id);
      close.run({ ...answer, id, by, at, grounds: JSON.stringify(answer.grounds) });
      return known(id);
    },
    exclude(id: PrivacyRequestId, callId: CallId, given: Omit<Exclusion, 'callId'> | null): void {
      unclosed(id);
      if (given) exclude.run({ id, callId, ...given });
      else include.run(id, callId);
    },
    exclusions: (id: PrivacyRequestId): Exclusion[] => reader.all(exclusion, exclusions.all(id)),
    forget(id: PrivacyRequestId, at: number): void {
      if (known(id).state !== 'closed') throw fail('privacy_unknown', id);
      forget.run({ id, at });
      dropExclusions.run(id);
    },
    letters: (): SavedLetter[] => reader.all(letter, letters.all()),
    saveLetter(which: LetterKind, saved: Omit<SavedLetter, 'letter'> | null): void {
      if (saved) saveLetter.run({ ...saved, letter: which });
      else dropLetter.run(which);
    },
    forgettable: (before: string): PrivacyRequest[] => reader.all(request, forgettable.all(before)),
  };
}
