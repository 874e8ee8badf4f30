import { coverageRows } from '../../catalogue/coverage.js';
import { cdrSources } from '../../cdr/sources.js';
import { SILENT_CALLS, withoutCdr } from '../../domain/assurance/coverage.js';
import { credentialOf } from '../../ops/config-pbx.js';
import type { PbxConfig } from '../../ops/config-schema.js';
import { outputOf } from '../../ops/process/run-program.js';
import { csvRow, translateCdr } from '../../pbx/cdr.js';
import type { CliContext } from '../common/context.js';
import { timesIn } from '../common/table.js';
import { broken, type Finding, ok, warn } from './finding.js';
import { isHere } from './machine.js';

const INSTALL =
  'Install asterisk-conf/cdr_manager.conf, then "asterisk -rx \'module reload cdr_manager.so\'"; see docs/start/asterisk-configuration.md.';
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** Whether Asterisk sends its own account of its calls over AMI. */
export async function cdrs(ctx: CliContext, { id: pbx }: Pick<PbxConfig, 'id'>): Promise<Finding> {
  const catalogue = await ctx.catalogue();
  const witness = await catalogue.ledger.witness(pbx);
  const now = Date.now();
  let without = 0;
  for await (const rows of coverageRows(catalogue, { pbx, from: witness?.last ?? 0, to: now }))
    without += withoutCdr(rows, now);
  if (!witness)
    return without === 0
      ? warn('CDRs', 'No call has been answered yet, so no CDR has come.', 'Make a call, and run this again.')
      : warn('CDRs', `Asterisk has sent none: coverage is our own word, for ${without} calls.`, INSTALL);
  const last = timesIn(ctx.config().site.time_zone)(witness.last);
  if (without >= SILENT_CALLS)
    return warn('CDRs', `They have stopped: the last came at ${last}, and ${without} calls since.`, INSTALL);
  return ok('CDRs', `They come; the last at ${last}.`);
}

const showCdrs = (): Promise<string | null> => outputOf('asterisk', ['-rx', 'cdr show status'], 10_000);

/**
 * Whether Asterisk makes CDRs, and gives them to AMI (the same text on 16.28 and 22.10). AMI tells neither to a user with Tapedeck's few rights, so
 * Asterisk's own console is asked: by root, on this machine. Nothing where that cannot be.
 */
export async function cdrBackend(pbx: Pick<PbxConfig, 'ari_url'>, show = showCdrs): Promise<Finding[]> {
  const text = isHere(pbx) ? await show() : null;
  const logging = /^\s*Logging:\s+(\w+)/m.exec(text ?? '')?.[1];
  if (text === null || logging === undefined) return [];
  const check = 'CDR backend';
  if (logging !== 'Enabled')
    return [
      warn(
        check,
        'Asterisk makes no CDRs, so nothing independent confirms what was recorded.',
        'Set enable = yes in cdr.conf, then: asterisk -rx "module reload cdr"',
      ),
    ];
  if (/^\s+cdr_manager\s*$/m.test(text)) return [ok(check, 'Asterisk makes CDRs and sends them over AMI.')];
  return [warn(check, 'Asterisk makes CDRs and does not send them over AMI.', INSTALL)];
}

/** Whether the database that the configuration names can be read. */
export async function cdrReaders(pbx: PbxConfig): Promise<Finding[]> {
  const { cdr_csv, cdr_sqlite, cdr_mysql } = pbx;
  if (!cdr_csv && !cdr_sqlite && !cdr_mysql)
    return [
      warn(
        CHECK,
        'Nothing tells of calls that go on while Tapedeck does not run.',
        'On FreePBX, run "tapedeck setup" again. Otherwise name Asterisk\'s Master.csv, its SQLite file or a MySQL table under [coverage] in tapedeck.toml.',
      ),
    ];
  return readersOf({ ...pbx, cdr_csv: '', cdr_sqlite: '' });
}

/**
 * Whether the files that it names can be read. As the recorder's user, whom they are for: root would follow what Asterisk's user has put
 * there, and SQLite would write beside it.
 */
export const cdrFiles = (pbx: PbxConfig): Promise<Finding[]> => readersOf({ ...pbx, cdr_mysql: undefined });

const CHECK = 'CDR sources';

async function readersOf(pbx: PbxConfig): Promise<Finding[]> {
  const now = Date.now();
  const sources = cdrSources(pbx, credentialOf('cdr-password', pbx), csvRow, (row) =>
    translateCdr(row, ['UTC'], now),
  );
  return Promise.all(
    sources.map(({ name, read }) =>
      read({ from: now - 30 * DAY, to: now + DAY }).then(
        (found) => ok(CHECK, `${name} can be read: ${found.length} CDRs of the last 30 days.`),
        (e) => broken(CHECK, e),
      ),
    ),
  );
}
