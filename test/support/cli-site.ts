import { join } from 'node:path';
import { Command } from 'commander';
import type { Test } from 'tap';
import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { approvals } from '../../daemon/cli/approvals.js';
import { calls } from '../../daemon/cli/calls.js';
import { createCliContext } from '../../daemon/cli/common/context.js';
import { consents } from '../../daemon/cli/consents.js';
import { doctor } from '../../daemon/cli/doctor.js';
import { evidence } from '../../daemon/cli/evidence.js';
import { exportCall } from '../../daemon/cli/export.js';
import { jobs } from '../../daemon/cli/jobs.js';
import { lists } from '../../daemon/cli/lists.js';
import { policy } from '../../daemon/cli/policy.js';
import { recordings } from '../../daemon/cli/recordings.js';
import { consent } from '../../daemon/cli/reports/consent.js';
import { coverage } from '../../daemon/cli/reports/coverage.js';
import { report } from '../../daemon/cli/reports/report.js';
import { certificate } from '../../daemon/cli/retention/certificate.js';
import { holds } from '../../daemon/cli/retention/holds.js';
import { requests } from '../../daemon/cli/retention/requests.js';
import { retention } from '../../daemon/cli/retention.js';
import { user } from '../../daemon/cli/user.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { makeCatalogue } from './catalogue/make-catalogue.js';
import { scratch } from './recordings/sealed.js';

const TOML = '[data]\ndir = "data"\n[keys]\nmaster_key_file = "master.key"\n';

/**
 * A site in a directory, and its command line, which reads only; what a test writes, it writes by `catalogue()`. With a
 * catalogue, unless the recorder was never there. `short`: the path of the directory leaves room for the name of a socket.
 */
export function site(t: Test, { recorded = true, short = false } = {}) {
  const dir = short ? scratch(t, { 'tapedeck.toml': TOML }) : t.testdir({ 'tapedeck.toml': TOML });
  const said: string[] = [];
  const real = createCliContext(() => join(dir, 'tapedeck.toml'));
  const made = recorded ? makeCatalogue(join(dir, 'data')) : null;
  let writer: Promise<Catalogue> | null = null;
  async function toWrite(): Promise<Catalogue> {
    await made;
    const catalogue = createSqliteCatalogue({ path: catalogueFile(join(dir, 'data')), mustExist: true });
    await catalogue.start();
    return catalogue;
  }
  const context = {
    ...real,
    catalogue: async () => {
      await made;
      return real.catalogue();
    },
    out: (text: string) => void said.push(text),
    err: (text: string) => void said.push(text),
  };
  t.teardown(async () => {
    await real.close();
    await (await writer)?.stop();
  });
  return {
    dir,
    context,
    /** The catalogue as the recorder has it, to write; opened once, and closed with the test. */
    catalogue: (): Promise<Catalogue> => {
      writer ??= toWrite();
      return writer;
    },
    /** Runs a command in this process, as a process of its own would: what it opened is closed when it is done. */
    async tapedeck(...argv: string[]): Promise<string> {
      await made;
      said.length = 0;
      const program = new Command('tapedeck').exitOverride().configureOutput({ writeErr: () => {} });
      for (const register of [
        approvals,
        calls,
        certificate,
        consent,
        coverage,
        doctor,
        evidence,
        exportCall,
        holds,
        requests,
        jobs,
        lists,
        consents,
        policy,
        recordings,
        report,
        retention,
        user,
      ])
        register(program, context);
      await program.parseAsync(argv, { from: 'user' }).finally(() => real.close());
      return said.join('\n');
    },
  };
}
