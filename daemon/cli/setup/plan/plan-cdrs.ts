import type { Found } from '../apply/cdr-account.js';
import type { TomlValue } from '../conf/toml.js';
import type { CdrTable } from '../machine/cdr-database.js';
import type { Change } from './change.js';
import { dropIn, type OwnFacts } from './plan-own.js';

/** What is known of the user that reads FreePBX's CDRs. */
export type CdrFacts = {
  table: CdrTable;
  /** What is in the file with its password; null where there is none. */
  kept: string | null;
  /** Whether that password opens the table. */
  opens: boolean;
  /** What the database's administrator was told; null where nobody is let in as such, and `why`. */
  found: Found | null;
  why: string;
  /** Whether setup made the user that is there. */
  made: boolean;
  /** Whether tapedeck.toml names the table already. */
  configured: boolean;
};
export type CdrPlan = { changes: Change[]; warnings: string[]; values: TomlValue[] };

export const cdrPasswordFile = (etc: string): string => `${etc}/cdr-password`;
export const cdrDropIn = (systemd: string): string => `${systemd}/tapedeck.service.d/setup-cdrs.conf`;
const ETC = '/etc/tapedeck';

const AFTER = 'Calls that go on while Tapedeck does not run are not known until then.';

/** Returns what has to change for the recorder to read FreePBX's CDRs with a user of its own. Pure. */
export function planCdrs(
  own: Pick<OwnFacts, 'dropIns' | 'etc' | 'root' | 'systemd'>,
  { table, kept, opens, found, why, made, configured }: CdrFacts,
  newSecret: () => string,
): CdrPlan {
  const without = (warning: string): CdrPlan => ({ changes: [], warnings: [warning], values: [] });
  const named = `${table.database}.${table.table}`;
  const file = cdrPasswordFile(own.etc);
  if (!opens) {
    if (!found)
      return without(
        `The database did not let root in, so no user that reads FreePBX's CDRs was made: ${why}. Run "tapedeck setup" again and give its administrator, or name it in [cdr_admin] of a file of answers. ${AFTER}`,
      );
    if (!found.hasTable)
      return without(
        `The database has no table ${named}. Once FreePBX has made it, run "tapedeck setup" again. ${AFTER}`,
      );
    if (found.hasAccount && !made)
      return without(
        `The database has a user tapedeck@localhost that setup did not make. Write its password into ${file} if it may read ${named}, or remove it (DROP USER tapedeck@localhost), and run "tapedeck setup" again. ${AFTER}`,
      );
  }
  const password = opens && kept !== null ? kept.trim() : newSecret();
  const secretChange: Change = {
    ...{ kind: 'file', path: file, before: kept, after: `${password}\n` },
    ...{ mode: 0o600, owner: own.root, secrets: [password], pbx: false },
    why: "the password of the user that reads FreePBX's CDRs",
  };
  const account: Change = {
    ...{ kind: 'account', ...table, password },
    why: `reads ${named} and nothing else, so that calls are known that go on while Tapedeck does not run`,
  };
  const { socket, database, table: name } = table;
  const value = {
    socket,
    ...(database !== 'asteriskcdrdb' && { database }),
    ...(name !== 'cdr' && { table: name }),
    ...(own.etc !== ETC && { password_file: file }),
  };
  return {
    changes: [
      ...(opens ? [] : [account, secretChange]),
      ...dropIn(own, cdrDropIn(own.systemd), {
        service: [`LoadCredential=cdr-password:${file}`],
        why: "hands the recorder the password for FreePBX's CDRs",
      }),
    ],
    warnings: [],
    values: configured ? [] : [['coverage', 'cdr_mysql', value]],
  };
}
