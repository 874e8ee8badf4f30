import { testFaults } from '../../domain/call/test-fault.js';
import type { EarTrend } from '../../domain/recording/quality.js';
import type { PbxConfig } from '../../ops/config-schema.js';
import type { CliContext } from '../common/context.js';
import { timesIn } from '../common/table.js';
import { bad, type Finding, ok, warn } from './finding.js';

/** How the last test call was. */
export async function testCalls(ctx: CliContext, pbx: Pick<PbxConfig, 'id'>): Promise<Finding> {
  const { test_calls, site } = ctx.config();
  const check = 'test calls';
  if (!test_calls.enabled)
    return warn(
      check,
      'They are off.',
      'Set [test_calls] enabled = true: a fault is known before a call is lost.',
    );
  const last = (await (await ctx.catalogue()).testCalls.newest(50, pbx.id)).find(
    (c) => c.outcome !== 'skipped',
  );
  if (!last) return warn(check, 'None has been made yet.', 'Make one: tapedeck test-call');
  const at = timesIn(site.time_zone)(last.at);
  if (last.outcome === 'ok') return ok(check, `The last one, ${at}, was good.`);
  const { message, hint } = testFaults[last.fault ?? 'internal'];
  const says = `The last one, ${at}: ${message} ${last.detail}`;
  return last.outcome === 'not_set_up' ? warn(check, says, hint) : bad(check, says, hint);
}

/** In ms; fewer recordings than that, or a smaller share of them, may be chance. */
const WEEK = 7 * 86_400_000;
const ENOUGH = 5;
const MANY = 0.25;

/** Whose voice breaks up in many recordings of the last seven days. */
export async function voices(ctx: CliContext): Promise<Finding> {
  const now = Date.now();
  return brokenUp(await (await ctx.catalogue()).recordings.trends(now - WEEK, now));
}

/** Returns the finding on these phones and lines. */
export function brokenUp(trends: readonly EarTrend[]): Finding {
  const check = 'voices';
  const share = ({ flags, calls }: EarTrend) => flags.lossy / calls;
  const many = trends
    .filter((one) => one.calls >= ENOUGH && share(one) >= MANY)
    .sort((a, b) => share(b) - share(a));
  const worst = many[0];
  if (!worst) return ok(check, 'None breaks up in many recordings of the last 7 days.');
  const others = many.length === 1 ? '' : ` So do those of ${many.length - 1} more: see the page Quality.`;
  return warn(
    check,
    `The voice of ${worst.kind} ${worst.name} breaks up in ${worst.flags.lossy} of ${worst.calls} recordings of the last 7 days.${others}`,
    'The network loses RTP packets or mixes up their order: look at Wi-Fi, at a saturated line, at the provider. With Asterisk as Debian builds it, people may hear well what recordings lack: see "known fault".',
  );
}
