import { existsSync } from 'node:fs';
import { credentialOf } from '../../ops/config-pbx.js';
import type { PbxConfig } from '../../ops/config-schema.js';
import { atPlace, ifThere, readAt } from '../../ops/files/others-folder.js';
import { outputOf } from '../../ops/process/run-program.js';
import { readSecret } from '../../ops/secrets/secret.js';
import { allowsAnyOrigin } from '../../pbx/probe-origin.js';
import { bad, type Finding, ok, warn } from './finding.js';
import { isLoopback } from './machine.js';

/** Returns the names of contexts, from what "dialplan show" prints (the same on Asterisk 16 and 22). */
export const contextsIn = (text: string): string[] =>
  [...text.matchAll(/^\[ Context '([^']*)' created by /gm)].map(([, name]) => name!);

const fits = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

const showDialplan = async (): Promise<string> =>
  (await outputOf('asterisk', ['-rx', 'dialplan show'], 10_000)) ?? '';

/**
 * Whether the dialplan has a context that [pbx] trunk_contexts matches. Without one, no call counts as one with the
 * outside. ARI and AMI do not list contexts to a user with Tapedeck's few rights, so Asterisk's own console is asked: by
 * root, on this machine. Nothing where that cannot be.
 */
export async function trunkContexts(
  pbx: Pick<PbxConfig, 'ari_url' | 'trunk_contexts'>,
  show: () => Promise<string> = showDialplan,
): Promise<Finding[]> {
  if (!isLoopback(new URL(pbx.ari_url).hostname)) return [];
  const known = contextsIn(await show());
  if (known.length === 0) return [];
  const check = 'trunk contexts';
  const found = known.filter((name) => pbx.trunk_contexts.some((pattern) => fits(pattern, name)));
  if (found.length > 0)
    return [ok(check, `Calls that begin in ${found.join(', ')} are calls with the outside.`)];
  return [
    bad(
      check,
      `No context of the dialplan is in [pbx] trunk_contexts (${pbx.trunk_contexts.join(', ')}): no call counts as one with an outside party, rules about direction do not match, and callers are not announced to.`,
      `Name the contexts in which calls from your lines begin ("context" of each trunk in pjsip.conf) in trunk_contexts in tapedeck.toml, then: systemctl restart tapedeck. The dialplan has ${known
        .filter((name) => !name.startsWith('__'))
        .slice(0, 12)
        .join(', ')}${known.length > 12 ? ' and more ("dialplan show")' : ''}.`,
    ),
  ];
}

/** Whether a page that somebody of the office opens could use ARI with a password that it has or guesses. */
export async function origins(pbx: PbxConfig): Promise<Finding[]> {
  // What is wrong with the password is said of ARI itself.
  const any = await ask(pbx).catch(() => null);
  if (any === null) return [];
  if (!any) return [ok('ARI origins', 'ARI answers no page of another origin.')];
  return [
    warn(
      'ARI origins',
      'ARI answers pages of any origin (allowed_origins = *): a page that an admin opens in a browser that knows the password can control every call.',
      'Remove allowed_origins from ari.conf, or name only the origins that need it (FreePBX: Advanced Settings, "Allowed Origins"), then: asterisk -rx "module reload res_ari.so".',
    ),
  ];
}

const ask = async (pbx: PbxConfig): Promise<boolean | null> =>
  allowsAnyOrigin(
    pbx.ari_url,
    pbx.ari_user,
    readSecret(pbx.ari_password_file, credentialOf('ari-password', pbx)),
  );

const FREEPBX = ['/etc/freepbx.conf', '/etc/amportal.conf'];
const CHOWN = '/etc/asterisk/freepbx_chown.conf';
const LARGEST_FILE = 1e6;

/** A file in a folder of Asterisk's user, as root; '' where there is none. Throws `path_untrusted`. */
const textOf = (file: string): string =>
  ifThere(() => atPlace(file, (place) => readAt(place, LARGEST_FILE), { follow: true }))?.bytes.toString(
    'utf8',
  ) ?? '';

/** On FreePBX: whether "fwconsole" leaves the spool's rights alone. `read` is of a file, '' where there is none. */
export async function freepbx(
  { spool }: Pick<PbxConfig, 'spool'>,
  read: (file: string) => string = textOf,
): Promise<Finding[]> {
  if (!FREEPBX.some((file) => read(file) !== '') || !existsSync(spool)) return [];
  if (leftAlone(read(CHOWN), spool))
    return [ok('FreePBX', `"fwconsole" leaves the rights of ${spool} alone.`)];
  return [
    bad(
      'FreePBX',
      `"fwconsole start", "restart" and "chown" take the recorder's right to remove files from ${spool}: audio that has been sealed then stays there unencrypted while Asterisk does not answer.`,
      `Add to ${CHOWN} (make the file if there is none): [blacklist], and below it: directory = ${spool}. Then: chmod 2770 ${spool}`,
    ),
  ];
}

/** Whether a freepbx_chown.conf has this folder, or one above it, on its blacklist. */
export function leftAlone(conf: string, folder: string): boolean {
  let section = '';
  for (const line of conf.split('\n').map((text) => text.replace(/[;#].*/, '').trim())) {
    section = /^\[(.+)\]$/.exec(line)?.[1] ?? section;
    const [, key, value = ''] = /^(\w+)\s*=\s*(.+)$/.exec(line) ?? [];
    const at = value.replace(/\/+$/, '');
    if (section === 'blacklist' && key === 'directory' && (folder === at || folder.startsWith(`${at}/`)))
      return true;
  }
  return false;
}
