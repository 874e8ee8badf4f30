import { noteDamage } from '../../catalogue/damage.js';
import {
  type About,
  type Actor,
  type AuditAction,
  entryOf,
  type NewEntry,
} from '../../domain/assurance/audit.js';
import { fail } from '../../domain/error.js';
import type { Recording } from '../../domain/recording/recording.js';
import { consoleUser } from '../../ops/process/console.js';
import type { CliContext } from './context.js';

/** Whoever uses the command line, as the audit log knows them. */
export const byConsole = (): Actor => ({
  actor: 'console',
  actor_id: '',
  actor_name: consoleUser(),
  address: '',
});

/** The same, for what is asked of the recorder. */
export const onConsole = () => ({ console: consoleUser() });

/** An entry of what is done now, on the command line. */
export const done = (action: AuditAction, about: About = {}): NewEntry =>
  entryOf(byConsole(), Date.now(), action, about);

/** Writes it before something is given out or done. Throws `audit_unwritable`. */
export async function record(ctx: CliContext, action: AuditAction, about: About = {}): Promise<void> {
  const catalogue = await ctx.catalogue();
  await catalogue.audit(done(action, about)).catch((e) => {
    throw fail('audit_unwritable', (e as Error).message, e);
  });
}

/** Writes it if it can be written; whoever reads the catalogue's file itself leaves no entry either. */
export async function note(ctx: CliContext, action: AuditAction, about: About = {}): Promise<void> {
  await record(ctx, action, about).catch((e) => ctx.err(`tapedeck: no entry in the audit log. ${e.message}`));
}

/** A recording that was to be given out has failed with this error: if that is damage, it goes on record. */
export async function metDamage(ctx: CliContext, recording: Recording, error: unknown): Promise<void> {
  const entry = (about: About) => done('damage', about);
  await noteDamage(await ctx.catalogue(), recording, error, {
    at: Date.now(),
    found: 'when it was exported',
    entry,
  }).catch((e) => ctx.err(`tapedeck: the damage could not be put on record. ${e.message}`));
}
