import type { FastifyReply } from 'fastify';

export type Cookie = ReturnType<typeof createCookie>;

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

export type JourneyCookie = ReturnType<typeof createJourneyCookie>;

/**
 * Names what is known of a browser while it is at the OpenID provider. Lax: it has to be there on the way back, which another
 * site begins; the session's own cookie is not sent then.
 */
export function createJourneyCookie({ secure }: { secure: boolean }) {
  const name = secure ? '__Host-tapedeck_journey' : 'tapedeck_journey';
  const options = { httpOnly: true, sameSite: 'lax', path: '/', secure } as const;
  return {
    name,
    set: (reply: FastifyReply, token: string): void => void reply.setCookie(name, token, options),
    clear: (reply: FastifyReply): void => void reply.clearCookie(name, options),
  };
}
