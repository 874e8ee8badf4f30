import { Type } from 'typebox';
import { LONGEST_LETTER, letterKinds } from '../../privacy/letters.js';
import { PrivacyAnswer, PrivacyFacts } from '../../privacy/request.js';
import { By, Id, NOTHING, post, Signed, type StreamRequest, Text } from './request.js';

/**
 * Requests of people about recordings of themselves: each of these needs the right `privacy`. None needs a proof: nothing is erased by
 * them, and who has sound given to them needs the right `export` on the call besides, as for an evidence pack.
 */
/** Stretches of a recording, in ms. */
const Audible = Type.Array(Type.Object({ fromMs: Type.Number(), untilMs: Type.Number() }));

export const PRIVACY = {
  /** Enters a request. Throws `privacy_invalid`, `privacy_full`. */
  add_privacy: post(
    '/privacy/add',
    Type.Object({ by: By, facts: PrivacyFacts }),
    Type.Object({ id: Type.String(), number: Type.Integer() }),
  ),
  /** Changes what is written down of it. Throws `privacy_unknown`, `privacy_closed`, `privacy_invalid`. */
  change_privacy: post('/privacy/change', Type.Object({ by: By, id: Id, facts: PrivacyFacts }), NOTHING),
  /** Extends its deadline, once. Throws `privacy_unknown`, `privacy_closed`, `privacy_late`. */
  extend_privacy: post('/privacy/extend', Type.Object({ by: By, id: Id, reason: Text(300, 1) }), NOTHING),
  /**
   * Leaves a call that matches out, or takes it in again without a reason. Throws `privacy_unknown`, `privacy_closed`, and
   * `call_unknown` for a call that does not match.
   */
  exclude_call: post(
    '/privacy/exclude',
    Type.Object({ by: By, id: Id, call: Id, reason: Type.Union([Text(300, 1), Type.Null()]) }),
    NOTHING,
  ),
  /** Writes down how it was answered; nothing of it changes after that. Throws `privacy_unknown`, `privacy_closed`, `privacy_invalid`. */
  close_privacy: post('/privacy/close', Type.Object({ by: By, id: Id, answer: PrivacyAnswer }), NOTHING),
  /**
   * Saves a letter to people who made a request, in the place of the one that comes with Tapedeck; null: that one again. Throws
   * `privacy_invalid` for one with a name in braces that stands for nothing.
   */
  save_letter: post(
    '/privacy/letter',
    Type.Object({
      by: By,
      letter: Type.Enum([...letterKinds]),
      text: Type.Union([Text(LONGEST_LETTER, 1), Type.Null()]),
    }),
    NOTHING,
  ),
  /**
   * Writes the entry `export`, then gives the key of the recording of a call that matches, and where in it the person alone is heard.
   * Needs `export` on all of the call. Throws `privacy_unknown`, `privacy_closed`, `privacy_refused`, `call_unknown`, `forbidden`,
   * `recording_absent`, `key_missing`, `too_many`.
   */
  open_own_side: post(
    '/privacy/open',
    Type.Object({ by: Signed, id: Id, call: Id }),
    Type.Object({ recording: Type.String(), identity: Type.String(), them: Audible, us: Audible }),
  ),
} as const;

/** A process is started, and opens the catalogue. */
const BEGIN_MS = 60_000;

export const PRIVACY_STREAMS = {
  /**
   * Makes the answer to a request as a ZIP, with this letter in it. Its entry `export` is written before anything of it is given, and one for each
   * call before its key is read. Needs `privacy`, and `export` on all of each call that it has the sound of. Throws
   * `privacy_unknown`, `privacy_closed`, `privacy_refused`, `privacy_invalid`, `forbidden`, `too_many`, `audit_unwritable`.
   */
  make_answer: {
    path: '/privacy/answer',
    body: Type.Object({ by: By, id: Id, letter: Type.Enum([...letterKinds]), text: Text(LONGEST_LETTER, 1) }),
    head: Type.Object({ name: Type.String() }),
    type: 'application/zip',
    timeoutMs: BEGIN_MS,
  },
} as const satisfies Record<string, StreamRequest>;
