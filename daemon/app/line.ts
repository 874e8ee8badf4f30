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
import type { Base, Line, LineBase, Links, Parts } from './parts.js';

/** One line for each PBX of the configuration. */
export const createLines = (base: Base, parts: Parts): Line[] =>
  base.config.pbxes.map((pbx) => createLine(base, parts, pbx));

/** Makes all that there is once for each PBX. `links`: a test may make them in another way. */
export function createLine(base: Base, parts: Parts, pbx: PbxConfig, links = createLinks): Line {
  const { config, dir } = base;
  const of: LineBase = {
    pbx,
    alarms: alarmsOf(parts.alarming.alert, pbx, config.pbxes.length > 1),
    log: pbx.id === FIRST ? base.log : base.log.child({ pbx: pbx.id }),
  };
  const made = links(base, parts, of);
  const spool = createSpool({ dir: pbx.spool, workDir: workFolder(dir, pbx.id), remote: made.ari });
  const calls = createCalls(base, parts, of, { links: made, spool });
  return { ...of, links: made, spool, calls, assure: assureOf(base, parts, of, made, calls) };
}

/** Compares the CDRs of one PBX with the calls that Tapedeck followed there. */
function assureOf(
  { config, clock, dir }: Base,
  { data: { catalogue } }: Parts,
  { pbx, alarms, log }: LineBase,
  { stamps, zones }: Links,
  calls: Line['calls'],
): Line['assure'] {
  const { id } = pbx;
  return createAssure({
    pbx: id,
    catalogue,
    alarms,
    journal: createCdrJournal({ file: cdrJournalFile(dir, id) }),
    lost: (from, why) => void calls.listening.missed(from, why),
    sources: cdrSources(pbx, credentialOf('cdr-password', pbx), csvRow, (row) => {
      const cdr = translateCdr(row, zones, stamps.theirs());
      return cdr && stamps.written({ ...cdr, pbx: id });
    }),
    trunkContexts: pbx.trunk_contexts,
    mint: (at) => ulid(at),
    say: times(config.site.time_zone),
    clock,
    log: log.child({ part: 'assure' }),
  });
}
