import { Type } from 'typebox';
import { auditActions, auditOutcomes } from '../../assurance/audit.js';
import { orNull } from '../../reason/coded.js';
import { Name, PasswordHash, Rights, TokensEnded } from './people.js';
import { About } from './recordings.js';
import { Console, Id, Moment, NOTHING, post, Text } from './request.js';

/** What only the command line on the box can ask: who reaches that socket is the recorder's user, or root. */

const only = { socket: 'owner' } as const;

export const OWNER = {
  /** Somebody with a password. Without `rights`: the first, who may everything; throws `request_invalid` where there are others. */
  add_user: post(
    '/owner/add-user',
    Type.Object({ by: Console, name: Name, rights: Type.Optional(Type.Object(Rights)), hash: PasswordHash }),
    Type.Object({ id: Type.String() }),
    only,
  ),
  /** Ends their sessions and API tokens. */
  set_password: post(
    '/owner/set-password',
    Type.Object({ by: Console, id: Id, hash: PasswordHash }),
    Type.Object({ tokens_ended: TokensEnded }),
    only,
  ),
  /** Takes all second factors and recovery codes, and ends all sessions and API tokens: account recovery. */
  reset_factors: post('/owner/reset-factors', Type.Object({ by: Console, id: Id }), NOTHING, only),
  /**
   * Takes some of them: `app`, `recovery-codes` or the name of a passkey, or all that were added since a time. Takes all recovery
   * codes too, of which nobody knows when they were made, and ends all sessions and API tokens. Throws `request_invalid`.
   */
  remove_factors: post(
    '/owner/remove-factors',
    Type.Object({
      by: Console,
      id: Id,
      which: Type.Union([Type.Object({ named: Text(1024, 1) }), Type.Object({ since: Moment })]),
    }),
    Type.Object({ removed: Type.Array(Type.String()) }),
    only,
  ),
  /** An entry of what was done, looked at or given out on the command line. */
  write_entry: post(
    '/owner/write-entry',
    Type.Object({
      by: Console,
      action: Type.Enum([...auditActions]),
      outcome: Type.Enum([...auditOutcomes]),
      ...About,
      words: Type.Optional(Text(300)),
    }),
    NOTHING,
    only,
  ),
  /** What somebody who verified or exported a recording there found; null: that it is as it was sealed. */
  put_finding: post(
    '/owner/put-finding',
    Type.Object({
      by: Console,
      recording: Id,
      fault: orNull(Text(2_000)),
      found: Type.Enum(['when it was verified', 'when it was exported']),
    }),
    NOTHING,
    only,
  ),
  /** The secret of an authenticator app under another master key, in base64. Nothing happens if it is not `before` any more. */
  reseal_totp: post(
    '/owner/reseal-totp',
    Type.Object({ by: Console, person: Id, before: Text(1_000), after: Text(1_000) }),
    NOTHING,
    only,
  ),
} as const;
