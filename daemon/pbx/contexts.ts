import type { LegFacts } from '../domain/call/event.js';
import type { LegId } from '../domain/recording/recording.js';
import type { Log } from '../ops/log.js';
import { askEach } from './ask-each.js';

export type ContextsDeps = {
  /** The value of a channel's variable or function; null when the channel has gone. Throws when the PBX refuses. */
  variable: (channel: LegId, name: string) => Promise<string | null>;
  log: Log;
};

/** By technology, the function that tells of an endpoint in which context its channels begin. Other channels have none. */
const FUNCTIONS: Record<string, string> = { PJSIP: 'PJSIP_ENDPOINT', SIP: 'SIPPEER', IAX2: 'IAXPEER' };

/** What of a channel's name may stand in a function's arguments. */
const ENDPOINT = /^([A-Z0-9]+)\/([\w.+@-]{1,80})-[0-9a-f]{8}$/i;

/**
 * Asks the PBX in which context legs began that nobody watched beginning: they are in another by now, wherever the dialplan has led
 * them, and whether somebody is from outside is told by the first. The endpoint has it (Asterisk 16 and 22, with the rights of
 * ari.conf). Nothing is told of a leg whose kind has no such function.
 */
export function createContexts({ variable, log }: ContextsDeps) {
  return async function contextsOf(legs: readonly LegFacts[]): Promise<ReadonlyMap<LegId, string>> {
    const questions = new Map<string, LegFacts[]>();
    for (const leg of legs) {
      const [, technology = '', endpoint] = ENDPOINT.exec(leg.channel) ?? [];
      const name = FUNCTIONS[technology];
      if (!name) continue;
      const question = `${name}(${endpoint},context)`;
      questions.set(question, [...(questions.get(question) ?? []), leg]);
    }
    const told = await askEach(
      [...questions.keys()],
      async (question) => (await variable(questions.get(question)![0]!.id, question)) || null,
      (err, question) =>
        log.warn({ err, question }, 'The PBX does not say where channels of an endpoint begin'),
    );
    const contexts = new Map<LegId, string>();
    for (const [question, context] of told)
      for (const leg of questions.get(question)!) contexts.set(leg.id, context);
    return contexts;
  };
}
