import type { FastifyRequest } from 'fastify';
import { clean } from '../../daemon/domain/call/party.js';

const LONGEST_AGENT = 250;

/** From where and with what program somebody asks, fit to be kept and shown. */
export function cameFrom(request: Pick<FastifyRequest, 'ip' | 'headers'>) {
  return {
    address: plainAddress(request.ip),
    agent: clean(request.headers['user-agent'], LONGEST_AGENT),
  };
}

/** An IPv4 address as such, also where a socket for both families has it. Nothing when the connection has ended meanwhile. */
export const plainAddress = (ip: string | undefined): string => (ip ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
