import type { FastifyReply, FastifyRequest } from 'fastify';
import { hashed, newToken } from '../../daemon/ops/secrets/codes.js';
import type { Store } from '../store/store.js';

const DAYS_180_S = 180 * 86_400;

export type Devices = ReturnType<typeof createDevices>;

/**
 * Knows browsers again. Whoever has signed in in one is measured there by themselves alone: that somebody else tries their name,
 * from another address or from behind the same one, keeps them waiting nowhere. The cookie opens nothing.
 */
export function createDevices({
  store,
  now,
  secure,
}: {
  store: Pick<Store, 'devices'>;
  now: () => number;
  secure: boolean;
}) {
  const name = secure ? '__Host-tapedeck_device' : 'tapedeck_device';
  const options = { httpOnly: true, sameSite: 'strict', path: '/', secure, maxAge: DAYS_180_S } as const;
  const given = ({ cookies }: Pick<FastifyRequest, 'cookies'>): string | null => {
    const value = cookies[name];
    return value !== undefined && /^[\w-]{43}$/.test(value) ? value : null;
  };

  return {
    /** The hash of this browser's cookie if this person has signed in in it; else null. */
    async known(
      request: Pick<FastifyRequest, 'cookies'>,
      userId: string | undefined,
    ): Promise<string | null> {
      const value = given(request);
      if (value === null || userId === undefined) return null;
      return store.devices.knows(userId, hashed(value)) ? hashed(value) : null;
    },
    /** To be called when somebody has signed in. */
    async remember(
      request: Pick<FastifyRequest, 'cookies'>,
      reply: Pick<FastifyReply, 'setCookie'>,
      userId: string,
    ): Promise<void> {
      const value = given(request) ?? newToken();
      store.devices.remember(userId, hashed(value), now());
      reply.setCookie(name, value, options);
    },
  };
}
