import type { FastifyReply, FastifyRequest } from 'fastify';
import { fail } from '../../daemon/domain/error.js';
import type { ControlBody } from '../../daemon/domain/operations/control.js';
import type { Act } from '../../daemon/domain/people/act.js';
import type { Proof } from '../../daemon/domain/people/factor.js';
import type { Audit } from '../audit/audit.js';
import type { Ask } from '../server/ask.js';
import type { Live } from '../server/live.js';
import type { Sending } from '../server/sending.js';
import { cameFrom } from './came-from.js';
import type { Devices } from './devices.js';
import type { Begun, Session, Sessions } from './sessions.js';

export type Enter = ReturnType<typeof createEnter>;
/** By what somebody shows who they are: see the request `prove`. */
export type Means = ControlBody<'prove'>['means'];

/**
 * Beginning sessions. The recorder looks at what somebody shows, and writes it down; without it nobody comes in. Each session has
 * a token of its own, and the one that the browser had before ends, with its streams. What was done meanwhile to keep somebody
 * out holds: a session knows up to which epoch of its person it is good.
 */
export function createEnter(deps: {
  ask: Ask;
  sessions: Sessions;
  live: Pick<Live, 'end'>;
  sending: Pick<Sending, 'end'>;
  cookie: { set(reply: FastifyReply, token: string): void };
  devices: Pick<Devices, 'remember'>;
  audit: Pick<Audit, 'note' | 'of'>;
}) {
  const cookieSession = (request: FastifyRequest) => (request.token === null ? request.session : null);

  async function start(
    request: FastifyRequest,
    reply: FastifyReply,
    begun: Begun,
    from: Session | null,
  ): Promise<Session> {
    const before = cookieSession(request);
    const token = await deps.sessions.begin({ ...begun, ...cameFrom(request) }, from);
    const session = token && (await deps.sessions.find(token, { use: false }));
    if (!session) throw fail('sign_in_failed');
    // One that goes on as a new one has not ended.
    if (before && !from) {
      await deps.sessions.end(before.tokenHash);
      deps.audit.note(deps.audit.of(request, 'sign_out'));
      deps.sending.end(before.id);
    }
    if (before) deps.live.end(before.tokenHash);
    deps.cookie.set(reply, token);
    // Who knows the password alone has not shown that this is a browser of the owner's.
    if (session.owes === 'nothing') await deps.devices.remember(request, reply, session.person.id);
    request.session = session;
    request.token = null;
    return session;
  }

  return {
    /** Signs somebody in; `person` null: whose passkey it is. Throws what `prove` throws. */
    async begin(
      request: FastifyRequest,
      reply: FastifyReply,
      person: string | null,
      means: Means,
    ): Promise<Session> {
      const id = deps.sessions.newId();
      const { address } = cameFrom(request);
      const shown = await deps.ask('prove', {
        ...{ person, session: id, address, begins: true, device: null, act: null, means },
      });
      if ('wait_seconds' in shown) throw fail('sign_in_failed');
      return start(request, reply, { ...shown, id }, null);
    },

    /**
     * One more proof in a session that there is: it goes on as a new one, for no longer than it would have lasted. `act`: for
     * what it is given; null where the session owes it. Gives the seconds to wait where nothing was looked at.
     */
    async prove(
      request: FastifyRequest,
      reply: FastifyReply,
      means: Means,
      { act, device = null }: { act: Act | null; device?: string | null },
    ): Promise<{ waitSeconds: number } | null> {
      const from = request.session!;
      const { id, person, epoch } = from;
      const { address } = cameFrom(request);
      const shown = await deps.ask('prove', {
        ...{ person: person.id, session: id, address, begins: false, epoch, device, act, means },
      });
      if ('wait_seconds' in shown) return { waitSeconds: shown.wait_seconds };
      await start(request, reply, { ...shown, id }, from);
      return null;
    },

    /** The same, for a factor that was just added, with which its owner has come in here. */
    async goOn(request: FastifyRequest, reply: FastifyReply, proof: Proof): Promise<Session> {
      const from = request.session!;
      const { id, person, epoch, gains } = from;
      return start(
        request,
        reply,
        { person: person.id, id, epoch, gains, proofs: [proof], failed: null },
        from,
      );
    },
  };
}
