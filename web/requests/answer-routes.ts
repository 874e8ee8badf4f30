import { iso } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { mayDo, mayEver } from '../../daemon/domain/people/person.js';
import { contentsOf } from '../../daemon/domain/privacy/answer.js';
import { letterFor } from '../../daemon/domain/privacy/letter-facts.js';
import { LETTERS, letterKinds, letterNames } from '../../daemon/domain/privacy/letters.js';
import { NO_ORGANISATION } from '../../daemon/domain/report/processing.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers, streamed } from '../server/answers.js';
import { ErrorView } from '../server/schemas.js';
import { lettingGo } from '../server/shares.js';
import type { App } from '../server/types.js';
import { BundleBody, LetterBody, LettersView, LetterView, RequestParams, SaveLetterBody } from './schemas.js';

type Deps = Needs<
  'ask' | 'askStream' | 'now' | 'site',
  'privacyRequests.get' | 'privacyRequests.letters' | 'organisation.get'
>;

/** What a person gets who made a request: a letter, and the ZIP with their calls, which the recorder makes. */
export function answerRoutes(app: App, { catalogue, ask, askStream, now, site }: Deps): void {
  const tags = ['requests'];

  async function lettersView() {
    const saved = new Map((await catalogue.privacyRequests.letters()).map((one) => [one.letter, one]));
    return {
      names: [...letterNames],
      letters: letterKinds.map((letter) => {
        const own = saved.get(letter);
        return {
          letter,
          text: own?.text ?? LETTERS[letter],
          saved: own ? { by: own.by, at: iso(own.at) } : null,
        };
      }),
    };
  }

  app.get(
    '/request-letters',
    {
      config: { access: 'privacy', audit: { nothing: 'templates of letters' } },
      schema: {
        tags,
        summary: 'Letters to people who make requests',
        description: 'The texts from which letters begin, with names in braces that are filled in.',
        response: answers(LettersView),
      },
    },
    lettersView,
  );

  app.post(
    '/request-letters',
    {
      config: { access: 'privacy', audit: 'privacy_letter', invalid: 'privacy_invalid' },
      schema: {
        tags,
        summary: 'Change a letter to people who make requests',
        description: 'Null restores the letter that comes with Tapedeck. Not with an API token.',
        body: SaveLetterBody,
        response: answers(LettersView),
      },
    },
    async (request) => {
      await ask('save_letter', { by: signed(request), ...request.body });
      return lettersView();
    },
  );

  app.post(
    '/requests/:id/letter',
    {
      config: { access: 'privacy', audit: { nothing: 'a text to be looked at, and no calls' } },
      schema: {
        tags,
        summary: 'Write a letter to the person who made a request',
        description:
          'Returns the text with what is known of the request filled in, to be changed before it goes into the answer. Nothing is sent or kept.',
        params: RequestParams,
        body: LetterBody,
        response: answers(LetterView),
      },
    },
    async (request) => {
      const { letter, grounds } = request.body;
      const asked = await catalogue.privacyRequests.get(request.params.id);
      if (!asked) throw fail('privacy_unknown', request.params.id);
      const own = (await catalogue.privacyRequests.letters()).find((one) => one.letter === letter);
      const template = own ? { template: own.text } : {};
      const organisation = (await catalogue.organisation.get())?.organisation ?? NO_ORGANISATION;
      const facts = { grounds, site: site.name, now: now(), organisation };
      const text = letterFor(asked, letter, { ...facts, ...template });
      return { text, holds: contentsOf(asked, letter) };
    },
  );

  app.post(
    '/requests/:id/bundle',
    {
      config: { access: 'privacy', audit: 'export', invalid: 'privacy_invalid' },
      schema: {
        tags,
        summary: 'The answer to a request as a file',
        description:
          'A ZIP with the letter, the list of the calls, and what the person said in them, in which everybody else is silent. It is signed, and made while it is read. Each export is written to the audit log before anything is given out. Recordings are in it only with the letter `access`, which needs the right to export.',
        params: RequestParams,
        body: BundleBody,
        response: { ...answers(ErrorView), 200: streamed('The answer.', 'application/zip') },
      },
    },
    async (request, reply) => {
      const { sound } = contentsOf({ identity: '' }, request.body.letter);
      request.still = (person) => mayDo(person, 'privacy') && (!sound || mayEver(person, 'export'));
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const { head, stream } = await askStream(
        'make_answer',
        { by: signed(request), id: request.params.id, ...request.body },
        gone.signal,
      );
      stream.once('error', (err) => {
        if (!reply.raw.destroyed) request.log.error({ err }, 'the answer to a request broke off');
      });
      if (!/^[\w.-]+$/.test(head.name)) {
        stream.destroy();
        throw fail('daemon_differs', 'The answer has no name.');
      }
      lettingGo(reply.raw);
      return reply
        .type('application/zip')
        .header('content-disposition', `attachment; filename="${head.name}"`)
        .send(stream);
    },
  );
}
