import type { FastifyReply } from 'fastify';

/**
 * The session's cookie. It has no lifetime of its own: the server decides. Over TLS the name's prefix makes browsers
 * insist on Secure, on Path=/ and on this very host.
 */
export function createCookie({ secure }: { secure: boolean }) {
  const name = secure ? '__Host-tapedeck_session' : 'tapedeck_session';
  const options = { httpOnly: true, sameSite: 'strict', path: '/', secure } as const;
  return {
    name,
    set: (reply: FastifyReply, token: string): void => void reply.setCookie(name, token, options),
    clear: (reply: FastifyReply): void => void reply.clearCookie(name, options),
  };
}
