import { testFaults } from '../../domain/call/test-fault.js';
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
