import type { FastifyRequest } from 'fastify';
import type { Signed } from '../../daemon/domain/operations/control/request.js';
import { plainAddress } from './came-from.js';

/** For whom the recorder is asked: whoever is signed in by this request, or came with a token. */
export function signed({ session, token, ip }: FastifyRequest): Signed {
  const { id, person } = session!;
  const whom = { person: person.id, session: id, address: plainAddress(ip) };
  return token === null ? whom : { ...whom, token: token.id };
}
