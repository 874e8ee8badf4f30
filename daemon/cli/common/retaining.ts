import { ulid } from 'ulid';
import type { Catalogue } from '../../catalogue/catalogue.js';
import { everyListed } from '../../catalogue/listed.js';
import { withMinimums } from '../../catalogue/retention/guarded.js';
import { readPlan } from '../../catalogue/retention/planned.js';
import { type About, entryOf, TAPEDECK } from '../../domain/assurance/audit.js';
import { times } from '../../domain/days.js';
import { createNumberIndex } from '../../domain/policy/lists/number-list.js';
import { inWords } from '../../domain/reason/words.js';
import { runDetail } from '../../domain/retention/run.js';
import { siteOf } from '../../ops/config.js';
import { createLog } from '../../ops/log.js';
import { createNamesRemoval } from '../../recordings/retain/names.js';
import { createRetain, type Retain } from '../../recordings/retain.js';
import type { Keys } from '../../vault/keys.js';
import { openStore } from '../../vault/store/tiers.js';
import type { CliContext } from './context.js';

/** So many listed numbers are read together. */
const LISTED_AT_ONCE = 200;

/** Retention in this process, which writes this catalogue: for when no recorder runs. */
export async function createOwnRetain(ctx: CliContext, plain: Catalogue, keys: Keys): Promise<Retain> {
  const { archive, retention } = ctx.config();
  const site = siteOf(ctx.config());
  const dataDir = ctx.movedData();
  const limit = { percent: retention.breaker_percent, count: retention.breaker_count };
  const index = createNumberIndex(site.region);
  for await (const page of everyListed(plain, LISTED_AT_ONCE)) for (const one of page) index.add(one);
  const listsOf = (number: string) => index.listsOf(number, Date.now());
  const catalogue = withMinimums(plain, { site, listsOf });
  const note = (about: About) =>
    catalogue.audit.append(entryOf(TAPEDECK, Date.now(), 'retention_run', about));
  return createRetain({
    catalogue,
    plan: (now) => readPlan(catalogue, now, limit, site.timeZone),
    mint: () => ulid(),
    keys,
    store: await openStore({ dataDir, archive: archive.directory, owner: catalogue.audit.id }),
    clock: () => Date.now(),
    alarms: { raise: () => {}, clear: () => {} },
    config: {
      schedule: retention.schedule,
      timeZone: site.timeZone,
      limit,
    },
    removeNames: createNamesRemoval({
      ...{ catalogue, listsOf },
      site,
      log: createLog('silent', 'tapedeck'),
    }),
    // The recorder signs the certificate, at its next start. Who has it done, and why, is known here alone.
    certify: {
      begin: (run) => catalogue.certificates.begin({ id: ulid(), startedAt: Date.now(), ...run }),
      close: () => catalogue.certificates.end(Date.now()),
    },
    ran: (run) => note({ detail: runDetail(run) }),
    refused: (why) => note({ outcome: 'refused', reason: inWords(why, times(site.timeZone)) }),
    log: createLog('silent', 'tapedeck'),
  });
}
