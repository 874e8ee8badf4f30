import type { About, AuditAction } from '../../domain/assurance/audit.js';
import { TapedeckError } from '../../domain/error.js';
import { type PbxId, writePbx } from '../../domain/pbx.js';
import type { Recording } from '../../domain/recording/recording.js';
import { damages } from '../../domain/recording/scrub.js';
import { consoleUser } from '../../ops/process/console.js';
import type { CliContext } from './context.js';

/** Whoever uses the command line, for what is asked of the recorder. */
export const onConsole = () => ({ console: consoleUser() });

/** Has it written before something is given out or done. Throws `audit_unwritable`. */
export async function record(
  ctx: CliContext,
  action: AuditAction,
  { object = '', object_id = '', reason = '', outcome = 'ok', detail = {}, words }: About = {},
): Promise<void> {
  const about = { object, object_id, reason, outcome, detail, ...(words === undefined ? {} : { words }) };
  await ctx.ask('write_entry', { by: onConsole(), action, ...about });
}

/** The same if it can be written; whoever reads the catalogue's file itself leaves no entry either. */
export async function note(ctx: CliContext, action: AuditAction, about: About = {}): Promise<void> {
  await record(ctx, action, about).catch((e) => ctx.err(`tapedeck: no entry in the audit log. ${e.message}`));
}

/** The entry of a report of a period, as far as `note` can write one. */
export const noteReport = (
  ctx: CliContext,
  object: string,
  { from, to }: { from: string; to: string },
  { show, pbx }: { show: string; pbx?: PbxId | undefined },
): Promise<void> =>
  note(ctx, 'report', {
    object,
    detail: { from, to, show, ...(pbx === undefined ? {} : { pbx: writePbx(pbx) }) },
  });

/** A recording that was to be given out has failed with this error: if that is damage, and news, it goes on record. */
export async function metDamage(ctx: CliContext, recording: Recording, error: unknown): Promise<void> {
  if (!(error instanceof TapedeckError) || !damages(error.code)) return;
  const { id } = recording;
  try {
    // What the nightly reading says of it is more than what is found here.
    if ((await (await ctx.catalogue()).seals.check(id))?.fault != null) return;
    const finding = { recording: id, fault: error.message, found: 'when it was exported' } as const;
    await ctx.ask('put_finding', { by: onConsole(), ...finding });
  } catch (e) {
    ctx.err(`tapedeck: the damage could not be put on record. ${(e as Error).message}`);
  }
}
