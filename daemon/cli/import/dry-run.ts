import { folderList } from '../../app/importing.js';
import type { Catalogue } from '../../catalogue/catalogue.js';
import { everyListed } from '../../catalogue/listed.js';
import { createStandingByNumber } from '../../catalogue/standing.js';
import type { ImportNote, ImportOutcome } from '../../domain/importing/outcome.js';
import { createNumberIndex } from '../../domain/policy/lists/number-list.js';
import { siteOf } from '../../ops/config.js';
import type { Config, PbxConfig } from '../../ops/config-schema.js';
import { socketOf } from '../../originals/apart/place.js';
import { createJudge, type Judge, type JudgeDeps } from '../../recordings/importing/judge.js';
import { look } from '../../recordings/importing/look.js';
import type { ImportOrder } from '../../recordings/importing.js';

/** What would become of one file. `imported`: it would be. */
export type PlannedFile = {
  path: string;
  outcome: ImportOutcome;
  detail: string;
  notes: ImportNote[];
  bytes: number;
  /** When its call began, in ms since 1970; null where the file was not read so far. */
  startedAt: number | null;
};

const LISTED_AT_ONCE = 200;

export type PlanDeps = {
  catalogue: Catalogue;
  config: Config;
  section: PbxConfig;
  cdrsAt: JudgeDeps['cdrsAt'];
};

/**
 * What an import would do with each file of a folder, as far as that can be told without decoding or hashing it: nothing is written.
 * Throws `import_folder` and `cdr_unreadable`.
 */
export async function* planImport(
  order: Omit<ImportOrder, 'by'>,
  { catalogue, config, section, cdrsAt }: PlanDeps,
): AsyncGenerator<PlannedFile> {
  const site = siteOf(config);
  const { region } = site;
  const lists = createNumberIndex(region);
  for await (const page of everyListed(catalogue, LISTED_AT_ONCE)) for (const one of page) lists.add(one);
  const standing = createStandingByNumber({ catalogue, region, clock: () => Date.now() });
  await standing.ready();
  const { policy } = await catalogue.policy.newest();
  const judge = createJudge({
    ...{ catalogue, policy, site, pbx: order.pbx, withDue: order.with_due },
    trunkContexts: section.trunk_contexts,
    cdrsAt,
    listsOf: (number) => lists.listsOf(number, Date.now()),
    ...{ standing, clock: () => Date.now(), behind: () => 0 },
  });
  const denied: PlannedFile[] = [];
  const note = (path: string) =>
    void denied.push({
      ...{ path: `${path}/`, outcome: 'unreadable', detail: 'denied', notes: [], bytes: 0, startedAt: null },
    });
  for await (const original of folderList(order.dir, socketOf(order, true), '', note)) {
    const looked = await look(original, { zone: order.zone, now: Date.now() });
    if ('outcome' in looked) {
      yield { path: original.shown, notes: [], startedAt: null, ...looked };
      continue;
    }
    try {
      const found = await judged(judge, looked);
      yield { path: original.shown, bytes: looked.file.bytes, startedAt: looked.time.startedAt, ...found };
    } finally {
      await looked.file.close();
    }
  }
  yield* denied;
}

async function judged(
  judge: Judge,
  looked: Exclude<Awaited<ReturnType<typeof look>>, { outcome: unknown }>,
): Promise<Pick<PlannedFile, 'outcome' | 'detail' | 'notes'>> {
  const known = await judge.known(judge.keyOf(looked, ''));
  if (known?.sealed) return { outcome: 'already', detail: known.callId, notes: [] };
  const { match, refusal } = await judge.match(looked);
  if (refusal) return { ...refusal, notes: [] };
  const { durationMs } = looked.sound;
  const call = judge.call('', looked, match, durationMs ?? 0);
  const keep = judge.keep(call, durationMs);
  if ('outcome' in keep) return { ...keep, notes: [] };
  const joined: ImportNote[] = match.several ? ['several_cdrs'] : match.by === null ? ['no_cdr'] : [];
  const sides: ImportNote[] = looked.sound.channels === 1 ? ['mixed'] : [];
  return { outcome: 'imported', detail: '', notes: [...looked.notes, ...joined, ...sides] };
}
