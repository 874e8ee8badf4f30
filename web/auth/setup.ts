import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import type { NewUser } from '../../daemon/catalogue/people.js';
import type { NewEntry } from '../../daemon/domain/assurance/audit.js';
import { fail } from '../../daemon/domain/error.js';
import { type Audit, ifDone } from '../audit/audit.js';
import { hashed, newCode, plainCode } from './secrets.js';

export type Setup = ReturnType<typeof createSetup>;

/**
 * The first user. While there is none, whoever can read the console may make one with the code printed there; the code
 * is good once, for this run of the dashboard.
 */
export function createSetup({
  catalogue,
  audit,
  now,
}: {
  catalogue: Pick<Catalogue, 'users' | 'saveSetupCode'>;
  audit: Pick<Audit, 'audited'>;
  now: () => number;
}) {
  let codeHash: string | null = null;
  let done = false;

  async function needed(): Promise<boolean> {
    done ||= (await catalogue.users()).length > 0;
    return !done;
  }

  return {
    needed,

    /** Makes a new code to be shown once, or null when there is a user already. */
    async begin(): Promise<string | null> {
      if (!(await needed())) return null;
      const code = newCode();
      codeHash = hashed(plainCode(code));
      await catalogue.saveSetupCode(codeHash, now());
      return code;
    },

    /** Throws `setup_code_wrong` before any work is done for a code that cannot be right. */
    check(code: string): void {
      if (codeHash === null || hashed(plainCode(code)) !== codeHash) throw fail('setup_code_wrong');
    },

    /** Makes the first user and writes the entry. Throws `setup_code_wrong`, also when another was quicker. */
    async claim(code: string, user: NewUser, entry: NewEntry): Promise<void> {
      const made = await audit.audited(ifDone(entry)).claimSetup(hashed(plainCode(code)), user);
      if (!made) throw fail('setup_code_wrong');
      codeHash = null;
      done = true;
    },
  };
}
