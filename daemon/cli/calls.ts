import type { Command } from 'commander';
import type { StoredCall } from '../catalogue/stored-call.js';
import { iso, isoOrNull, times } from '../domain/days.js';
import type { PbxId } from '../domain/pbx.js';
import { reasonView, type Say } from '../domain/reason/words.js';
import { type QualityFlag, qualityFlags } from '../domain/recording/quality.js';
import { durationText } from '../domain/written.js';
import { siteRegion } from '../ops/config.js';
import type { Config } from '../ops/config-schema.js';
import { count, day, oneOf, pbxId, spanOf } from './common/arguments.js';
import type { CliContext } from './common/context.js';
import { note } from './common/entries.js';
import { PBX_OPTION, pbxName, severalPbxes } from './common/pbxes.js';
import { table, timesIn, who } from './common/table.js';

type Options = {
  search?: string;
  from?: string;
  to?: string;
  pbx?: PbxId;
  quality?: QualityFlag;
  limit: number;
  json?: boolean;
};

/** `tapedeck calls`: the list of calls, newest first. */
export function calls(program: Command, ctx: CliContext): void {
  program
    .command('calls')
    .description('list calls, newest first')
    .option('--search <text>', 'parts of names, numbers or their last digits; every word must match')
    .option('--from <day>', 'first day (YYYY-MM-DD) in the zone of the site', day)
    .option('--to <day>', 'last day', day)
    .option(PBX_OPTION, 'only calls on this PBX; "first" is the one without an id', pbxId)
    .option('--quality <flag>', `only recordings that are ${qualityFlags.join(', ')}`, oneOf(qualityFlags))
    .option('--limit <count>', 'at most this many', count, 50)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  tapedeck calls --search "ada 0171"\n  tapedeck calls --from 2026-11-01 --to 2026-11-30 --limit 1000 --json',
    )
    .action(async ({ search, from, to, pbx, quality, limit, json }: Options) => {
      const config = ctx.config();
      const zone = config.site.time_zone;
      const found = await (await ctx.catalogue()).calls.list({
        text: search,
        region: search === undefined ? undefined : siteRegion(config),
        ...spanOf({ from, to }, zone),
        pbx,
        quality,
        limit,
      });
      await note(ctx, 'search', {
        object: 'calls',
        ...(search ? { words: search } : {}),
        detail: { found: found.length },
      });
      const view = (call: StoredCall) => asJson(call, times(zone));
      ctx.out(json ? JSON.stringify(found.map(view), null, 2) : asText(found, config));
    });
}

const asJson = (call: StoredCall, say: Say) => ({
  id: call.id,
  pbx: call.pbx,
  direction: call.direction,
  started_at: iso(call.startedAt),
  answered_at: isoOrNull(call.answeredAt),
  ended_at: isoOrNull(call.endedAt),
  outcome: call.outcome,
  them: call.them,
  us: call.us,
  dialled: call.dialled,
  did: call.did,
  queue: call.queue,
  coverage: {
    status: call.coverage.status,
    ...reasonView(call.coverage.why, say),
    rule: call.coverage.rule,
  },
  recording: call.recording && {
    id: call.recording.id,
    state: call.recording.state,
    duration_ms: call.recording.durationMs,
    keep_until: isoOrNull(call.recording.keepUntil),
    keep_rule: call.recording.keepRule,
    keep_version: call.recording.keepVersion,
    not_before: isoOrNull(call.recording.minUntil),
    quality: call.recording.quality?.flags ?? [],
  },
});

function asText(found: StoredCall[], config: Config): string {
  if (found.length === 0) return 'No calls.';
  const time = timesIn(config.site.time_zone);
  const several = severalPbxes(config);
  const talk = ({ answeredAt, endedAt }: StoredCall) =>
    answeredAt === null || endedAt === null ? '-' : durationText(endedAt - answeredAt);
  const rows = found.map((c) => [
    time(c.startedAt),
    c.direction,
    ...(several ? [pbxName(config, c.pbx)] : []),
    who(c.them),
    who(c.us),
    talk(c),
    c.recording?.state === 'erased' ? 'erased' : c.coverage.status.replace('_', ' '),
    c.id,
  ]);
  const head = ['began', 'way', ...(several ? ['PBX'] : []), 'with', 'at', 'talk', 'recording', 'call'];
  return table(head, rows, { wrap: several ? [3, 4] : [2, 3] });
}
