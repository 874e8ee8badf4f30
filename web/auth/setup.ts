import type { Verbs } from '../../daemon/catalogue/catalogue.js';
import { fail } from '../../daemon/domain/error.js';
import { isCode } from '../../daemon/ops/secrets/codes.js';
import type { Ask } from '../server/ask.js';

export type Setup = ReturnType<typeof createSetup>;

/**
 * The first user. While there is none, whoever can read the console may make one with the code printed there; the code is the
 * recorder's, and good once.
 */
export function createSetup({ catalogue, ask }: { catalogue: Verbs<'people.list'>; ask: Ask }) {
  let done = false;

  async function needed(): Promise<boolean> {
    done ||= (await catalogue.people.list()).length > 0;
    return !done;
  }

  return {
    needed,

    /** A new code to be shown once, or null when there is a user already. Throws `daemon_unreachable`. */
    async begin(): Promise<string | null> {
      return (await ask('begin_setup', {})).code;
    },

    /**
     * Throws `setup_code_wrong` before any work is done for what cannot be a code. Which one is right only the recorder knows:
     * "tapedeck setup" gets a newer one from it than ours.
     */
    check(code: string): void {
      if (done || !isCode(code)) throw fail('setup_code_wrong');
    },

    /** To be called when the first user was made. */
    done(): void {
      done = true;
    },
  };
}
