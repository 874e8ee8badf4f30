import type { Command } from 'commander';
import type { TestCall } from '../domain/call/test-call.js';
import { testFaults } from '../domain/call/test-fault.js';
import { fail } from '../domain/error.js';
import { writePbx } from '../domain/pbx.js';
import { ask } from '../ops/control-client.js';
import type { CliContext } from './common/context.js';

/** `tapedeck test-call`: makes one now, whatever the load, and says how it was. */
export function testCall(program: Command, ctx: CliContext): void {
  program
    .command('test-call')
    .description('place a test call, record it, play it from the dashboard, compare it, and erase it')
    .option('--pbx <id>', 'on this PBX only; "first" is the one without an id')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nNeeds the recorder, the dashboard, and asterisk-conf/extensions.conf in the dialplan. No phone rings.\nExit code 0 if every check passed, 1 otherwise.\n\nExample:\n  tapedeck test-call',
    )
    .action(async ({ pbx: only, json }: { pbx?: string; json?: boolean }) => {
      const { pbxes } = ctx.config();
      const chosen = only === undefined ? pbxes : pbxes.filter(({ id }) => writePbx(id) === only);
      if (chosen.length === 0) throw fail('pbx_unknown', `"${only}".`);
      const made = await Promise.all(
        chosen.map(async ({ id, name }) => ({
          name,
          call: await ask(ctx.data(), 'run_test_call', { pbx: id }),
        })),
      );
      const [first] = made;
      if (json) ctx.out(JSON.stringify(pbxes.length === 1 ? first!.call : made.map((m) => m.call), null, 2));
      else
        for (const { name, call } of made)
          ctx.out(pbxes.length === 1 ? asText(call) : `${name}: ${asText(call)}`);
      if (made.some(({ call }) => call.outcome !== 'ok')) process.exitCode = 1;
    });
}

function asText({ outcome, fault, detail, measures, tookMs }: TestCall): string {
  const seconds = `${(tookMs / 1000).toFixed(1)} s`;
  const verdict = {
    ok: `good, in ${seconds}`,
    failed: `FAILED after ${seconds}`,
    skipped: 'not made',
    not_set_up: 'not set up',
  }[outcome];
  const lines = [`${verdict}: ${fault ? `${testFaults[fault].message} ${detail}` : detail}`];
  if (fault) lines.push(`  -> ${testFaults[fault].hint}`);
  for (const side of ['left', 'right'] as const) {
    const m = measures?.[side];
    if (m)
      lines.push(
        `  ${side.padEnd(5)}  ${m.levelDb} dB, ${m.offsetMs} ms late, the other side ${m.separationDb} dB below, ${(m.dropouts * 100).toFixed(1)} % missing`,
      );
  }
  if (measures) lines.push(`  whole  ${measures.durationMs} ms`);
  return lines.join('\n');
}
