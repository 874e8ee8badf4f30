import { lackingPurpose, saysPurpose } from '../../domain/telling/purpose.js';
import { siteOf } from '../../ops/config.js';
import type { Config, PbxConfig } from '../../ops/config-schema.js';
import type { CliContext } from '../common/context.js';
import { serviceUser, tryFolder } from '../common/service-user.js';
import { bad, type Finding, ok, warn } from './finding.js';

const CHECK = 'announcements';
/** Long enough for a machine in the same office, in ms. */
const PATIENCE = 5_000;

/**
 * Returns why the recorder's user cannot put prompts where this PBX plays them from, or null. Only root can try as that user with
 * the groups of its unit, so this comes before root is given up.
 */
export const promptsRefused = async (
  { data }: Pick<Config, 'data'>,
  { spool }: Pick<PbxConfig, 'spool'>,
): Promise<string | null> => (await tryFolder(await serviceUser(data.dir), spool, 'tapedeck-')).make;

/**
 * Whether people are told of recordings at all, and whether the PBX gets the prompts that it is to play. `refused` is of
 * promptsRefused().
 */
export async function announcements(
  ctx: CliContext,
  pbx: Pick<PbxConfig, 'spool'>,
  refused: string | null,
): Promise<Finding> {
  const { policy } = await (await ctx.catalogue()).policy.newest();
  if (!policy.telling)
    return warn(
      CHECK,
      'The policy says that people are told in another way: Tapedeck tells nobody, and has no proof.',
      'If that is not so, have Tapedeck tell them, on the page Telling callers.',
    );
  const { telling } = ctx.config();
  if (!refused) return ok(CHECK, `Prompts are put into ${pbx.spool}, where the PBX plays them from.`);
  const address = telling.prompt_address;
  if (address === '')
    return bad(
      CHECK,
      `The PBX cannot get prompts: the recorder cannot write to ${pbx.spool} (${refused}). Calls whose people have to be told are not recorded.`,
      'Give it that folder (see "spool"), or set [telling] prompt_address for a PBX on another machine.',
    );
  return (await answers(address))
    ? ok(CHECK, `The PBX fetches prompts from ${address}.`)
    : bad(
        CHECK,
        `Nothing answers at ${address}, where the PBX is to fetch prompts.`,
        'Start the recorder. If it runs: allow it the port (SocketBindAllow= and IPAddressAllow= in a drop-in), and check prompt_host.',
      );
}

/** Whether the announcements of this site say who records and what for, where its law asks for that. */
export async function purposeSaid(ctx: CliContext): Promise<Finding[]> {
  const { policy: policies, prompts } = await ctx.catalogue();
  const { policy } = await policies.newest();
  const uploaded = await prompts.list();
  const lacking = lackingPurpose(policy, siteOf(ctx.config()), saysPurpose(uploaded));
  if (lacking.length === 0) return [];
  const names = lacking.map(({ kind, language }) => `${kind} (${language})`).join(', ');
  return [
    warn(
      'announcement texts',
      `The law of this site asks that announcements say who records, and what for. These do not: ${names}.`,
      'Make or upload announcements that do, on the page Telling callers, and state there that they do.',
    ),
  ];
}

/** Whatever it answers: it has no page of its own. */
const answers = (address: string): Promise<boolean> =>
  fetch(address, { signal: AbortSignal.timeout(PATIENCE) }).then(
    () => true,
    () => false,
  );
