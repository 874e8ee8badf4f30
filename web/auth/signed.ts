import type { FastifyRequest } from 'fastify';
import type { Signed } from '../../daemon/domain/operations/control/request.js';
import { plainAddress } from './came-from.js';

/** For whom the recorder is asked: whoever has this request's session. */
export const signed = ({ session, token, ip }: FastifyRequest): Signed => ({
  person: session!.person.id,
  session: session!.id,
  address: plainAddress(ip),
  ...(token ? { token: token.id } : {}),
});
