import type { Verbs } from '../../daemon/catalogue/catalogue.js';
import { fail } from '../../daemon/domain/error.js';
import { hashed, plainCode } from '../../daemon/ops/secrets/codes.js';
import type { Ask } from '../server/ask.js';

export type Setup = ReturnType<typeof createSetup>;

/**
 * The first user. While there is none, whoever can read the console may make one with the code printed there; the code is the
 * recorder's, and good once.
 */
export function createSetup({ catalogue, ask }: { catalogue: Verbs<'people.list'>; ask: Ask }) {
  let codeHash: string | null = null;
  let done = false;

  async function needed(): Promise<boolean> {
    done ||= (await catalogue.people.list()).length > 0;
    return !done;
  }

  return {
    needed,

    /** A new code to be shown once, or null when there is a user already. Throws `daemon_unreachable`. */
    async begin(): Promise<string | null> {
      const { code } = await ask('begin_setup', {});
      codeHash = code && hashed(plainCode(code));
      return code;
    },

    /** Throws `setup_code_wrong` before any work is done for a code that cannot be right. */
    check(code: string): void {
      if (codeHash === null || hashed(plainCode(code)) !== codeHash) throw fail('setup_code_wrong');
    },

    /** To be called when the first user was made. */
    done(): void {
      codeHash = null;
      done = true;
    },
  };
}
