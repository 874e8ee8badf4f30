import { Type } from 'typebox';
import type { Journey } from '../../daemon/directory/oidc.js';
import { fail, TapedeckError } from '../../daemon/domain/error.js';
import { createKept } from '../../daemon/ops/kept.js';
import { savedOutsider } from '../auth/directory.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import { RECORDER_AWAY, recorderAway } from '../server/ask.js';
import type { App } from '../server/types.js';
import { ProviderView } from './factor-schemas.js';

type Deps = Needs<'ask' | 'audit' | 'enter' | 'journeyCookie' | 'now' | 'provider', 'people.get'>;

const BACK = '/session/provider/callback';
/** How long somebody may take at the provider. */
const JOURNEY_MS = 15 * 60_000;

/** Signing in with an OpenID provider: there and back again. */
export function providerRoutes(
  app: App,
  { provider, catalogue, ask, enter, journeyCookie, now, audit }: Deps,
): void {
  const journeys = createKept<Journey>({ now, forMs: JOURNEY_MS });

  app.post(
    '/session/provider',
    {
      config: {
        access: 'public',
        audit: { nothing: 'where the provider is' },
        rateLimit: { max: 60, timeWindow: '1 minute' },
      },
      schema: {
        tags: ['session'],
        summary: 'Begin to sign in with the provider',
        description: 'Gives the address to send the browser to; it comes back signed in.',
        response: answers(ProviderView),
      },
    },
    async (request, reply) => {
      if (!provider) throw fail('not_found');
      // The guard has seen that it names this very host, under one of its names.
      const { origin } = request.headers;
      if (origin === undefined) throw fail('request_invalid', 'The header Origin is missing.');
      const { url, journey } = await provider.oidc.begin(`${origin}${app.prefix}${BACK}`);
      journeyCookie.set(reply, journeys.keep(journey));
      return { url };
    },
  );

  app.get(
    BACK,
    {
      config: { access: 'public', audit: 'sign_in', rateLimit: { max: 60, timeWindow: '1 minute' } },
      exposeHeadRoute: false,
      schema: {
        tags: ['session'],
        summary: 'The way back from the provider',
        description: 'To where the provider sends the browser. Signs in and leads on to the dashboard.',
        response: { 303: Type.Null({ description: 'To the dashboard; what went wrong is in `sign_in`.' }) },
      },
    },
    async (request, reply) => {
      if (!provider) throw fail('not_found');
      // It is good for one return, whatever that brings.
      const journey = journeys.take(request.cookies[journeyCookie.name] ?? '');
      journeyCookie.clear(reply);
      try {
        if (!journey) throw fail('provider_refused', 'Nobody is on the way, or it took too long.');
        const found = await provider.oidc.end(journey, new URL(request.url, 'http://x').search);
        const user = await savedOutsider({ catalogue, ask }, 'oidc', found);
        const word = ['provider_sign_in' as const, ...(found.secondFactor ? ['provider' as const] : [])];
        await enter.begin(request, reply, user.id, { word });
      } catch (err) {
        if (!(err instanceof TapedeckError)) throw err;
        request.log.warn(
          { event: 'sign_in_failed', err, address: request.ip },
          'a sign-in by the provider failed',
        );
        const because = recorderAway(err)
          ? RECORDER_AWAY
          : 'refused by the provider, or by the rules for its groups';
        audit.refused(audit.by({ id: '' }, request.ip, 'sign_in', { detail: { because } }));
        return reply.redirect(`/?sign_in=${err.code}`, 303);
      }
      return reply.redirect('/', 303);
    },
  );
}
