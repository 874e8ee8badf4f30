import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import type { Session, User } from '../../daemon/catalogue/people.js';
import { fail } from '../../daemon/domain/error.js';
import { hasSecond, type Proof } from '../../daemon/domain/people/factor.js';
import type { Audit } from '../audit/audit.js';
import type { Live } from '../server/live.js';
import type { Sending } from '../server/sending.js';
import { cameFrom } from './came-from.js';
import type { Devices } from './devices.js';
import type { Sessions } from './sessions.js';

export type Enter = ReturnType<typeof createEnter>;
/** Somebody as they were read before their proof was looked at. */
type Shown = Pick<User, 'id' | 'name'> & Partial<Pick<User, 'passwordHash'>>;

/**
 * Beginning sessions. Each has a token of its own, and the one that the browser had before ends, with its streams. What was
 * done meanwhile to keep somebody out holds: throws `sign_in_failed` when their password was changed since it was compared, or
 * the session ended that was to go on.
 */
export function createEnter(deps: {
  catalogue: Pick<Catalogue, 'factorGiven'>;
  sessions: Sessions;
  live: Pick<Live, 'end'>;
  sending: Pick<Sending, 'end'>;
  cookie: { set(reply: FastifyReply, token: string): void };
  devices: Pick<Devices, 'remember'>;
  audit: Pick<Audit, 'by' | 'of'>;
}) {
  async function begin(
    request: FastifyRequest,
    reply: FastifyReply,
    user: Shown,
    given: Proof[],
    { tried = false, from = null }: { tried?: boolean; from?: Session | null } = {},
  ): Promise<Session> {
    const before = request.token === null ? request.session : null;
    const failed = hasSecond(given)
      ? await deps.catalogue.factorGiven(user.id, tried)
      : (from?.failed ?? { count: 0, lastAt: null });
    const entry = deps.audit.by(user, request.ip, from ? 'second_factor' : 'sign_in', {
      detail: { with: given },
    });
    const proofs = [...new Set([...(from?.proofs ?? []), ...given])];
    const { passwordHash } = user;
    const how = { proofs, from, passwordHash, failed, ...cameFrom(request) };
    const token = await deps.sessions.begin(user.id, how, entry);
    const session = token && (await deps.sessions.find(token, { use: false }));
    if (!session) throw fail('sign_in_failed');
    // One that goes on as a new one has not ended.
    if (before && !from) {
      await deps.sessions.end(before.tokenHash, deps.audit.of(request, 'sign_out'));
      deps.sending.end(before.id);
    }
    if (before) deps.live.end(before.tokenHash);
    deps.cookie.set(reply, token);
    // Who knows the password alone has not shown that this is a browser of the owner's.
    if (session.owes === 'nothing') await deps.devices.remember(request, reply, user.id);
    request.session = session;
    request.token = null;
    return session;
  }

  return {
    /** Signs somebody in. */
    begin: (request: FastifyRequest, reply: FastifyReply, user: Shown, given: Proof[]): Promise<Session> =>
      begin(request, reply, user, given),

    /** One more proof in a session that there is: it goes on as a new one, for no longer than it would have lasted. */
    prove(
      request: FastifyRequest,
      reply: FastifyReply,
      proof: Proof,
      { tried = false } = {},
    ): Promise<Session> {
      const from = request.session!;
      return begin(request, reply, from.person, [proof], { tried, from });
    },
  };
}
