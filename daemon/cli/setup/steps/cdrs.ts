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
import { type CdrPlan, cdrPasswordFile, planCdrs } from '../plan/plan-cdrs.js';
import type { OwnFacts } from '../plan/plan-own.js';
import { newSecret } from '../setup-steps.js';
import type { AnswerFile } from '../talk/answers.js';
import type { Terminal } from '../talk/terminal.js';

type About = {
  facts: Pick<PbxFacts, 'kind'>;
  places: Pick<Places, 'fwconsole' | 'sockets'>;
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
 * Plans that the recorder reads the CDRs of a FreePBX with a user that may do nothing else. The database is asked as root; where it does not
 * let root in, for its administrator. `database` opens it as whoever was let in. Throws `setup_database` for an administrator from a
 * file of answers whom it does not let in.
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
  const table = cdrTable(await settingsOf(run, places.fwconsole, CDR_SETTINGS), places.sockets);
  if (readByOthers(pbx, table, file)) return { ...NOTHING, database };
  if (typeof table === 'string') return { ...NOTHING, warnings: [table], database };
  const kept = existsSync(file) ? readFileSync(file, 'latin1') : null;
  const known = {
    ...{ table, kept, made: journal.done().some(({ kind }) => kind === 'account') },
    configured: pbx?.cdr_mysql !== undefined,
  };
  if (kept !== null && (await opens(table, kept.trim())))
    return { ...planCdrs(own, { ...known, opens: true, found: null, why: '' }, newSecret), database };
  const asked = await askAdmin(terminal, table, { keys, asks });
  return { ...planCdrs(own, { ...known, opens: false, ...asked }, newSecret), database };
}

/** Opens the database for taking back what setup made of it. */
export function databaseAgain(terminal: Terminal, given: AnswerFile, asks: boolean): OpenDatabase {
  const keys = adminKeys(given);
  return async (socket) => {
    const opened = await letIn(terminal, socket, { keys, asks });
    if (typeof opened === 'string') throw fail('setup_database', opened);
    return opened;
  };
}

/** Whether somebody else has seen to it that CDRs are read, from a file or from this database. */
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
): Promise<{ found: Found | null; why: string }> {
  const opened = await letIn(terminal, table.socket, means);
  if (typeof opened === 'string') return { found: null, why: opened };
  try {
    return { found: await lookAt(opened, table), why: '' };
  } finally {
    opened.end();
  }
}

/** As root, then as whoever is named at the terminal. Returns why nobody is let in. */
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
          'Tapedeck can read the CDRs of FreePBX, and then knows of calls that go on while it does not run. For that, setup makes a user of the database that may read their table and nothing else. The database does not let root in without a password: name its administrator. The password is used now, and kept nowhere.',
        );
        terminal.say();
      } else terminal.note(`It does not let them in: ${e.detail}`);
      const user = await terminal.ask('Administrator of the database, or none', NONE);
      if (user === NONE) return e.detail;
      keys.now = { user, password: await terminal.secret('Password') };
    }
  }
}
const NONE = 'none';
