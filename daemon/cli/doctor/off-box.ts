import type { Config } from '../../ops/config-schema.js';
import type { CliContext } from '../common/context.js';
import { type Finding, ok, warn } from './finding.js';

/** Whether somebody else would notice that the end of the audit log was cut off. */
export async function auditCopies({ audit }: Pick<Config, 'audit'>): Promise<Finding[]> {
  const places = [
    audit.checkpoint_file,
    audit.checkpoint_syslog,
    ...audit.checkpoint_mail_to,
    audit.checkpoint_webhook_url && new URL(audit.checkpoint_webhook_url).host,
  ].filter((place) => place !== '');
  if (places.length > 0) return [ok('audit log copies', `Checkpoints go to ${places.join(', ')}.`)];
  return [
    warn(
      'audit log copies',
      'No checkpoint of the audit log leaves this machine: whoever has root here could cut off its end, and nobody would notice.',
      'Run "tapedeck setup" again and name a file on another machine, or set one of [audit] checkpoint_syslog, checkpoint_mail_to and checkpoint_webhook_url.',
    ),
  ];
}

/** Whether names and numbers go some time after the last recording of a call. */
export async function namesKept(ctx: CliContext): Promise<Finding[]> {
  const { metadata_days: days } = (await (await ctx.catalogue()).policy.newest()).policy;
  if (days !== undefined) return [ok('names', `They go ${days} days after there is no audio of a call.`)];
  return [
    warn(
      'names',
      'Names and numbers of calls are kept for ever: they can still be found after the last recording of a person was erased.',
      'Run "tapedeck setup" again and say after how many days they go, or set metadata_days in the policy (page Policy).',
    ),
  ];
}
