import { fail, TapedeckError } from '../../domain/error.js';
import type {
  ControlAnswer,
  ControlBody,
  ControlHandlers,
  ControlName,
} from '../../domain/operations/control.js';
import { ask } from '../../ops/control-client.js';
import type { CliContext } from './context.js';

/** What can be asked for while no recorder runs too: people, rules and erasing, so that a box that is broken can be set right. */
const ALONE = [
  'add_user',
  'set_password',
  'reset_factors',
  'remove_factors',
  'change_person',
  'remove_person',
  'save_policy',
  'add_list',
  'change_list',
  'remove_list',
  'put_listed',
  'drop_listed',
  'add_consents',
  'withdraw_consent',
  'run_retention',
  'erase_calls',
  'cancel_job',
  'approvals',
  'open_matter',
  'widen_matter',
  'hold_recordings',
  'ask_release',
  'withdraw_approval',
  'write_entry',
  'put_finding',
  'reseal_totp',
] as const satisfies ControlName[];
export type Alone = Pick<ControlHandlers, (typeof ALONE)[number]>;
const isAlone = (name: ControlName): name is keyof Alone => (ALONE as readonly ControlName[]).includes(name);

export type Asking = ReturnType<typeof createAsking>;

/**
 * Asks the recorder over the owner's socket. While none runs, this process takes its lock and does the same itself, so that one
 * process alone writes at any time.
 */
export function createAsking(ctx: CliContext) {
  let alone: Promise<{ handlers: Alone; close(): Promise<void> }> | null = null;

  return {
    /** Throws what is answered; `already_running` while a recorder has the data directory and does not answer. */
    async ask<N extends ControlName>(name: N, body: ControlBody<N>): Promise<ControlAnswer<N>> {
      if (!alone)
        try {
          return await ask(ctx.data(), name, ...([body] as never));
        } catch (e) {
          const away = e instanceof TapedeckError && e.code === 'daemon_unreachable';
          if (!away || !isAlone(name)) throw e;
          alone = import('./alone.js').then((m) => m.doAlone(ctx));
        }
      if (!isAlone(name)) throw fail('daemon_unreachable');
      const handle = (await alone).handlers[name] as (body: ControlBody<N>) => unknown;
      return (await handle(body)) as ControlAnswer<N>;
    },

    async close(): Promise<void> {
      const begun = await alone?.catch(() => null);
      await begun?.close();
      alone = null;
    },
  };
}
