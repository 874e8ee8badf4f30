import { coverageRows } from '../../catalogue/coverage.js';
import { cdrSources } from '../../cdr/sources.js';
import { SILENT_CALLS, withoutCdr } from '../../domain/assurance/coverage.js';
import { credentialOf } from '../../ops/config-pbx.js';
import type { PbxConfig } from '../../ops/config-schema.js';
import { csvRow, translateCdr } from '../../pbx/cdr.js';
import type { CliContext } from '../common/context.js';
import { timesIn } from '../common/table.js';
import { broken, type Finding, ok, warn } from './finding.js';

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

/** Whether the database that the configuration names can be read. */
export async function cdrReaders(pbx: PbxConfig): Promise<Finding[]> {
  const { cdr_csv, cdr_sqlite, cdr_mysql } = pbx;
  if (!cdr_csv && !cdr_sqlite && !cdr_mysql)
    return [
      warn(
        CHECK,
        'Nothing tells of calls that go on while Tapedeck does not run.',
        "Name Asterisk's Master.csv, its SQLite file or FreePBX's database under [coverage] in tapedeck.toml.",
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
