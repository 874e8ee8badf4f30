import { ulid } from 'ulid';
import { createAssure } from '../assurance/assure.js';
import { createSpool } from '../capture/spool.js';
import { createCdrJournal } from '../cdr/journal.js';
import { cdrSources } from '../cdr/sources.js';
import { times } from '../domain/days.js';
import { alarmsOf } from '../domain/operations/alarm-pbx.js';
import { cdrJournalFile, workFolder } from '../domain/paths.js';
import { FIRST } from '../domain/pbx.js';
import { credentialOf } from '../ops/config-pbx.js';
import type { PbxConfig } from '../ops/config-schema.js';
import { csvRow, translateCdr } from '../pbx/cdr.js';
import { createCalls } from './calls.js';
import { createLinks } from './links.js';
import type { Base, Links, Parts, Pbx, PbxBase } from './parts.js';

/** One for each PBX of the configuration. */
export const createPbxes = (base: Base, parts: Parts): Pbx[] =>
  base.config.pbxes.map((section) => createPbx(base, parts, section));

/** Makes all that there is once for each PBX. `links`: a test may make them in another way. */
export function createPbx(base: Base, parts: Parts, section: PbxConfig, links = createLinks): Pbx {
  const { config, dir } = base;
  const of: PbxBase = {
    section,
    alarms: alarmsOf(parts.alarming.alert, section, config.pbxes.length > 1),
    log: section.id === FIRST ? base.log : base.log.child({ pbx: section.id }),
  };
  const made = links(base, parts, of);
  const spool = createSpool({ dir: section.spool, workDir: workFolder(dir, section.id), remote: made.ari });
  const calls = createCalls(base, parts, of, { links: made, spool });
  return { ...of, links: made, spool, calls, assure: assureOf(base, parts, of, made, calls) };
}

/** Compares the CDRs of one PBX with the calls that Tapedeck followed there. */
function assureOf(
  { config, clock, dir }: Base,
  { data: { catalogue } }: Parts,
  { section, alarms, log }: PbxBase,
  { stamps, zones }: Links,
  calls: Pbx['calls'],
): Pbx['assure'] {
  const { id } = section;
  return createAssure({
    pbx: id,
    catalogue,
    alarms,
    journal: createCdrJournal({ file: cdrJournalFile(dir, id) }),
    lost: (from, why) => void calls.listening.missed(from, why),
    sources: cdrSources(section, credentialOf('cdr-password', section), csvRow, (row) => {
      const cdr = translateCdr(row, zones, stamps.theirs());
      return cdr && stamps.written({ ...cdr, pbx: id });
    }),
    trunkContexts: section.trunk_contexts,
    mint: (at) => ulid(at),
    say: times(config.site.time_zone),
    clock,
    log: log.child({ part: 'assure' }),
  });
}
