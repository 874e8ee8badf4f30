import { existsSync, readFileSync } from 'node:fs';
import { fail, TapedeckError } from '../../../domain/error.js';
import { loadConfig } from '../../../ops/config.js';
import type { PbxConfig } from '../../../ops/config-schema.js';
import type { Run } from '../../../ops/process/run-program.js';
import type { OpenDatabase } from '../apply/apply.js';
import { CDR_USER, type Found, lookAt } from '../apply/cdr-account.js';
import type { Journal } from '../apply/journal.js';
import {
  type Admin,
  type AdminName,
  CDR_SETTINGS,
  type CdrTable,
  cdrTable,
  openAdmin,
  ROOT,
} from '../machine/cdr-database.js';
import type { PbxFacts } from '../machine/facts.js';
import { type Places, settingsOf } from '../machine/find-pbx.js';
import { fwconsoleOf } from '../machine/fwconsole.js';
import { type CdrPlan, cdrPasswordFile, planCdrs } from '../plan/plan-cdrs.js';
import type { OwnFacts } from '../plan/plan-own.js';
import { newSecret } from '../setup-steps.js';
import type { AnswerFile } from '../talk/answers.js';
import type { Terminal } from '../talk/terminal.js';

type About = {
  facts: Pick<PbxFacts, 'kind'>;
  places: Places;
  run: Run;
  own: OwnFacts;
  /** The file of the configuration. */
  config: string;
  given: AnswerFile;
  /** Whether somebody can be asked. */
  asks: boolean;
  journal: Journal;
};

const NOTHING: CdrPlan = { changes: [], warnings: [], values: [] };

/**
 * Plans the database user with which the recorder reads the CDRs of a FreePBX. Connects as root, or as the administrator who is named where
 * root is refused; `database` connects in the same way. Throws `setup_database` if an administrator from a file of answers is refused.
 */
export async function cdrsOf(
  terminal: Terminal,
  { facts, places, run, own, config, given, asks, journal }: About,
): Promise<CdrPlan & { database: OpenDatabase }> {
  const keys = adminKeys(given);
  const database: OpenDatabase = (socket) => openAdmin(socket, keys.now);
  if (facts.kind !== 'freepbx') return { ...NOTHING, database };
  const pbx = own.config === null ? undefined : loadConfig(config).pbxes[0];
  const file = cdrPasswordFile(own.etc);
  const table = cdrTable(await settingsOf(fwconsoleOf(run, places), CDR_SETTINGS), places.sockets);
  if (readByOthers(pbx, table, file)) return { ...NOTHING, database };
  if (typeof table === 'string') return { ...NOTHING, warnings: [table], database };
  const kept = existsSync(file) ? readFileSync(file, 'latin1') : null;
  const opened = kept !== null && (await opens(table, kept.trim()));
  const known = {
    ...{ table, kept, configured: pbx?.cdr_mysql !== undefined },
    made: journal.done().some(({ kind }) => kind === 'account'),
    found: opened ? null : await askAdmin(terminal, table, { keys, asks }),
  };
  return { ...planCdrs(own, known, newSecret), database };
}

/** Returns what connects to the database to remove the user that setup created. */
export function databaseAgain(terminal: Terminal, given: AnswerFile, asks: boolean): OpenDatabase {
  const keys = adminKeys(given);
  return async (socket) => {
    const opened = await letIn(terminal, socket, { keys, asks });
    if (typeof opened === 'string') throw fail('setup_database', opened);
    return opened;
  };
}

/** Whether the configuration reads CDRs from elsewhere, or as a user that is not setup's. */
function readByOthers(pbx: PbxConfig | undefined, table: CdrTable | string, file: string): boolean {
  if (!pbx) return false;
  if (pbx.cdr_csv || pbx.cdr_sqlite) return true;
  const { cdr_mysql: db } = pbx;
  if (!db) return false;
  return (
    typeof table === 'string' ||
    db.socket !== table.socket ||
    db.user !== CDR_USER ||
    db.password_file !== file
  );
}

async function opens({ socket, database, table }: CdrTable, password: string): Promise<boolean> {
  try {
    const db = await openAdmin(socket, { user: CDR_USER, password });
    try {
      await db.run(`SELECT 1 FROM \`${database}\`.\`${table}\` LIMIT 1`);
      return true;
    } finally {
      db.end();
    }
  } catch (e) {
    if (!(e instanceof TapedeckError)) throw e;
    return false;
  }
}

type Keys = { now: AdminName; given: boolean };

/** Throws `setup_answers` for a file of a password that cannot be read. */
function adminKeys({ cdr_admin: admin }: AnswerFile): Keys {
  if (!admin) return { now: ROOT, given: false };
  try {
    const password = readFileSync(admin.password_file, 'utf8').replace(/\r?\n$/, '');
    return { now: { user: admin.user, password }, given: true };
  } catch (e) {
    throw fail('setup_answers', `"cdr_admin": ${(e as Error).message}`, e);
  }
}

async function askAdmin(
  terminal: Terminal,
  table: CdrTable,
  means: { keys: Keys; asks: boolean },
): Promise<Found | string> {
  const opened = await letIn(terminal, table.socket, means);
  if (typeof opened === 'string') return opened;
  try {
    return await lookAt(opened, table);
  } finally {
    opened.end();
  }
}

/** Connects as root, then as an administrator named at the terminal. Returns the reason if all are refused. */
async function letIn(
  terminal: Terminal,
  socket: string,
  { keys, asks }: { keys: Keys; asks: boolean },
): Promise<Admin | string> {
  for (let first = true; ; first = false) {
    try {
      return await openAdmin(socket, keys.now);
    } catch (e) {
      if (!(e instanceof TapedeckError) || keys.given) throw e;
      if (!asks) return e.detail;
      if (first) {
        terminal.title("Offer  FreePBX's record of calls");
        terminal.note(
          'Tapedeck learns from the CDRs of FreePBX of calls that take place while it is stopped. Setup creates a database user that may only read them. The database refuses root without a password, so an administrator is needed. The password is used once and not stored.',
        );
        terminal.say();
      } else terminal.note(`The database refused that: ${e.detail}`);
      const user = await terminal.ask('Administrator of the database, or none', NONE);
      if (user === NONE) return e.detail;
      keys.now = { user, password: await terminal.secret('Password') };
    }
  }
}
const NONE = 'none';
