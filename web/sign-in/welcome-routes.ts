import { fail } from '../../daemon/domain/error.js';
import { hashed, plainCode } from '../../daemon/ops/secrets/codes.js';
import { plainAddress } from '../auth/came-from.js';
import type { Needs } from '../deps.js';
import { WelcomeBody, WelcomeView } from '../people/schemas.js';
import { answers, later } from '../server/answers.js';
import type { App } from '../server/types.js';

type Deps = Needs<'ask' | 'now' | 'passwords' | 'site' | 'tries', 'people.invited'>;

/** Where the link of an admin leads: somebody chooses a password. */
export function welcomeRoutes(app: App, { ask, catalogue, now, passwords, tries, site }: Deps): void {
  app.post(
    '/welcome',
    {
      config: { access: 'public', audit: 'password_change', rateLimit: { max: 20, timeWindow: '1 minute' } },
      schema: {
        tags: ['session'],
        summary: 'Choose a password with the code of a link',
        description:
          'With the code alone it says whose it is. With a password it sets that, ends all sessions and API tokens of the person and uses the code up. Does not sign in.',
        body: WelcomeBody,
        response: answers(WelcomeView),
      },
    },
    async (request, reply) => {
      const { code, password } = request.body;
      const taken = tries.takeFrom(request.ip);
      if ('waitSeconds' in taken) throw later(reply, taken.waitSeconds);
      const user = await catalogue.people.invited(hashed(plainCode(code)), now());
      if (!user) throw fail('invitation_unknown');
      taken.succeeded();
      if (password === undefined) return { name: user.name, done: false, tokens_ended: [] };
      passwords.check(password, user.name, site.name);
      const hash = await passwords.hash(password);
      const { tokens_ended } = await ask('choose_password', {
        code,
        hash,
        address: plainAddress(request.ip),
      });
      request.log.info({ person: user.id, address: request.ip }, 'a password was chosen');
      return { name: user.name, done: true, tokens_ended };
    },
  );
}
