import type { Found } from '../apply/cdr-account.js';
import type { TomlValue } from '../conf/toml.js';
import type { CdrTable } from '../machine/cdr-database.js';
import type { Change } from './change.js';
import { dropIn, ETC, type OwnFacts } from './plan-own.js';

/** What setup found out about the database user that reads FreePBX's CDRs. */
export type CdrFacts = {
  table: CdrTable;
  /** The file with its password; null if there is none. */
  kept: string | null;
  /** What the database's administrator found, or the reason why none was let in. Null if the kept password opens the table. */
  found: Found | string | null;
  /** Whether setup made the user that is there. */
  made: boolean;
  /** Whether tapedeck.toml names the table already. */
  configured: boolean;
};
export type CdrPlan = { changes: Change[]; warnings: string[]; values: TomlValue[] };

export const cdrPasswordFile = (etc: string): string => `${etc}/cdr-password`;
export const cdrDropIn = (systemd: string): string => `${systemd}/tapedeck.service.d/setup-cdrs.conf`;
const AFTER = 'Until then, Tapedeck does not learn of calls that take place while it is stopped.';

/** Returns why no user is made, or null. */
function obstacle({ table, found, made }: CdrFacts, named: string, file: string): string | null {
  if (found === null) return null;
  if (typeof found === 'string')
    return `Setup could not create the database user that reads FreePBX's CDRs: ${found}. Run "tapedeck setup" again and name an administrator of the database, or set cdr_admin in a file of answers. ${AFTER}`;
  if (!found.hasTable)
    return `The database has no table of CDRs called ${named} (at ${table.socket}). Once FreePBX has created it, run "tapedeck setup" again. ${AFTER}`;
  if (found.hasAccount && !made)
    return `The database has a user tapedeck@localhost that setup did not create. If it may read ${named}, write its password to ${file}; otherwise remove it (DROP USER tapedeck@localhost). Then run "tapedeck setup" again. ${AFTER}`;
  return null;
}

/** Returns what has to change for the recorder to read FreePBX's CDRs with its own database user. Pure. */
export function planCdrs(
  own: Pick<OwnFacts, 'dropIns' | 'etc' | 'root' | 'systemd'>,
  facts: CdrFacts,
  newSecret: () => string,
): CdrPlan {
  const { table, kept, found, configured } = facts;
  const named = `${table.database}.${table.table}`;
  const file = cdrPasswordFile(own.etc);
  const warning = obstacle(facts, named, file);
  if (warning !== null) return { changes: [], warnings: [warning], values: [] };
  const password = newSecret();
  const secretChange: Change = {
    ...{ kind: 'file', path: file, before: kept, after: `${password}\n` },
    ...{ mode: 0o600, owner: own.root, secrets: [password], pbx: false },
    why: "the password of the database user that reads FreePBX's CDRs",
  };
  const account: Change = {
    ...{ kind: 'account', ...table, password },
    why: `may only read ${named}, which has the calls that take place while Tapedeck is stopped`,
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
      ...(found === null ? [] : [account, secretChange]),
      ...dropIn(own, cdrDropIn(own.systemd), {
        service: [`LoadCredential=cdr-password:${file}`],
        why: "gives the recorder the password for FreePBX's CDRs",
      }),
    ],
    warnings: [],
    values: configured ? [] : [['coverage', 'cdr_mysql', value]],
  };
}
