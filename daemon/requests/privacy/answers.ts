import type { Readable } from 'node:stream';
import { putOnRecord } from '../../catalogue/entries.js';
import { dates, iso } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import type { StreamHandlers } from '../../domain/operations/control.js';
import { mayEver } from '../../domain/people/person.js';
import {
  type AnswerAsked,
  type AnswerOpened,
  type AnswerOrder,
  type AnswerSigned,
  answerStatementText,
  contentsOf,
  signedAnswer,
} from '../../domain/privacy/answer.js';
import { cleanLetter } from '../../domain/privacy/letter-facts.js';
import { lettersFor } from '../../domain/privacy/letters.js';
import { streamProgram } from '../../ops/process/stream-program.js';
import type { Askers } from '../askers.js';
import type { ReportDeps } from '../reports/reports.js';
import { type OwnSideDeps, openOwnSide } from './own-side.js';

/** Each is a process that decrypts recordings. One for each person. */
const AT_ONCE = 2;

export type AnswerDeps = OwnSideDeps &
  Pick<ReportDeps, 'textSigner' | 'dataDir' | 'version' | 'clock'> & {
    askers: Pick<Askers, 'may'>;
    /** The directory of the archive; left out where there is none. */
    archive?: string;
    site: { name: string; timeZone: string };
  };

/** Gives answers to requests out: who may have one, that it is on record before anything of it is sent, and that it is signed. */
export function createAnswers(deps: AnswerDeps) {
  const { catalogue, site, version, clock } = deps;
  /** Those who are given one, and what ends it. */
  const going = new Map<string, AbortController>();

  const handlers: Pick<StreamHandlers<Readable>, 'make_answer'> = {
    async make_answer({ by, id, letter, text: typed }, gone) {
      const asker = await deps.askers.may(by, 'privacy');
      const { person } = asker;
      if (person?.only) throw fail('forbidden', 'This cannot be done with an API token.');
      const request = await catalogue.privacyRequests.get(id);
      if (!request) throw fail('privacy_unknown', id);
      if (request.state === 'closed') throw fail('privacy_closed', `Request ${request.number}`);
      if (!lettersFor(request.kind).includes(letter))
        throw fail('privacy_invalid', 'This letter does not answer a request of this kind.');
      const text = cleanLetter(typed);
      if (text === '') throw fail('privacy_invalid', 'The letter is empty.');
      const { sound } = contentsOf(request, letter);
      if (sound && request.identity === '')
        throw fail('privacy_refused', 'Write down first how the identity of the person was checked.');
      if (sound && person && !mayEver(person, 'export')) throw fail('forbidden', 'It has recordings in it.');
      const who = person?.id ?? 'console';
      if (going.size >= AT_ONCE || going.has(who))
        throw fail('too_many', 'Too many answers are being created at once.');
      const ended = new AbortController();
      const end = () => ended.abort();
      going.set(who, ended);
      gone.addEventListener('abort', end, { once: true });
      const over = () => {
        gone.removeEventListener('abort', end);
        going.delete(who);
      };
      try {
        const now = clock();
        const entry = await putOnRecord(
          catalogue,
          asker.entry('export', {
            ...{ object: 'privacy', object_id: id },
            detail: { number: request.number, kind: request.kind, what: 'answer', letter },
          }),
        );
        const order: AnswerOrder = {
          ...{ dataDir: deps.dataDir, archive: deps.archive ?? '', request, letter, text, now },
          exclusions: await catalogue.privacyRequests.exclusions(id),
          site: { name: site.name, timeZone: site.timeZone },
        };
        const { stream } = await streamProgram<true, AnswerAsked>({
          ...{ built: 'dist/daemon/answer.js', makes: 'answers to requests', order, gone: ended.signal },
          async answer(asked): Promise<AnswerOpened | AnswerSigned> {
            if ('open' in asked)
              return (await openOwnSide(deps, asker, request, asked.open)) ?? { refused: true };
            const { keyId, sha256, publicKey, sign } = await deps.textSigner();
            const statement = answerStatementText({
              ...{ type: 'tapedeck answer', format: 1, entry, letter, files: asked.sign },
              request: { number: request.number, kind: request.kind, received: request.received },
              site: { name: site.name, time_zone: site.timeZone },
              ...{ made_at: iso(now), tool: { name: 'Tapedeck', version }, key: { id: keyId, sha256 } },
            });
            return { text: signedAnswer(statement, sign(statement), publicKey), key: publicKey };
          },
        });
        stream.once('close', over);
        return {
          head: { name: `tapedeck-request-${request.number}-${dates(site.timeZone)(now)}.zip` },
          stream,
        };
      } catch (e) {
        over();
        throw e;
      }
    },
  };

  return {
    handlers,
    /** Breaks off what is being given out. */
    stop(): void {
      for (const ended of going.values()) ended.abort();
    },
  };
}
