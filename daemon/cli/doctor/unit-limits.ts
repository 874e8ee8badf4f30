import { existsSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { dirname } from 'node:path';
import type { Config } from '../../ops/config-schema.js';
import { reachedBy } from '../setup/machine/reached.js';
import { needsOf, OUTSIDE } from '../setup/plan/plan-outside.js';
import { bad, type Finding } from './finding.js';
import { type Show, showUnit } from './units.js';

const UNIT = 'tapedeck.service';

/** Whether the recorder's unit lets it write and reach what the configuration names. Nothing where systemd does not run it. */
export async function unitLimits(
  config: Config,
  show: Show = showUnit,
  reach: typeof reachedBy = reachedBy,
): Promise<Finding[]> {
  const said = await show(
    UNIT,
    ...['ProtectSystem', 'ReadWritePaths', 'StateDirectory', 'IPAddressDeny', 'IPAddressAllow'],
  );
  if (said === null) return [];
  const listed = (key: string) =>
    (new RegExp(`^${key}=(.*)$`, 'm').exec(said)?.[1] ?? '').split(' ').filter(Boolean);
  return [
    ...(listed('ProtectSystem').includes('strict') ? unwritable(config, listed) : []),
    ...(listed('IPAddressDeny').length > 0 ? await unreachable(config, listed('IPAddressAllow'), reach) : []),
  ];
}

function unwritable(config: Config, listed: (key: string) => string[]): Finding[] {
  const open = [
    ...listed('ReadWritePaths').map((path) => path.replace(/^[-+]+/, '')),
    ...listed('StateDirectory').map((name) => `/var/lib/${name.split(':')[0]}`),
  ];
  const { data, archive, backup, audit, pbxes } = config;
  const folders = [
    ...[
      data.dir,
      ...pbxes.map(({ spool }) => spool).filter((spool) => existsSync(spool)),
      archive.directory,
      backup.path,
      backup.key_path,
    ],
    audit.checkpoint_file && dirname(audit.checkpoint_file),
  ].filter((folder) => folder !== '');
  // systemctl does not quote a path with spaces.
  const whole = listed('ReadWritePaths').join(' ');
  return [...new Set(folders)]
    .filter((folder) => !(folder.includes(' ') && whole.includes(folder)))
    .filter((folder) => !open.some((at) => folder === at || folder.startsWith(`${at.replace(/\/+$/, '')}/`)))
    .map((folder) =>
      bad(
        'unit',
        `${UNIT} does not let the recorder write ${folder}, which tapedeck.toml names: it is read-only for the recorder alone.`,
        `systemctl edit tapedeck: below [Service], ReadWritePaths=-${folder}. Then: systemctl restart tapedeck`,
      ),
    );
}

async function unreachable(config: Config, allowed: string[], reach: typeof reachedBy): Promise<Finding[]> {
  const list = new BlockList();
  const kind = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
  for (const network of allowed) {
    const [address = '', bits] = network.split('/');
    if (isIP(address) === 0) continue;
    list.addSubnet(
      address,
      bits === undefined ? (isIP(address) === 6 ? 128 : 32) : Number(bits),
      kind(address),
    );
  }
  const found: Finding[] = [];
  for (const section of OUTSIDE) {
    const { addresses } = await reach(config, section);
    for (const host of new Set(needsOf(config, section).hosts)) {
      const known = addresses.get(host) ?? [];
      const denied = known.filter((one) => isIP(one) > 0 && !list.check(one, kind(one)));
      if (denied.length > 0)
        found.push(
          bad(
            'unit',
            `${UNIT} does not let the recorder reach ${denied.join(', ')}, which ${host} in [${section}] needs${isIP(host) > 0 ? '' : ' (its address, or the name server that knows it)'}.`,
            `"tapedeck ${section === 'backup' ? 'backup' : 'alert'} setup" writes that into its unit; or systemctl edit tapedeck: below [Service], IPAddressAllow=${denied.join(' ')}. Then: systemctl restart tapedeck`,
          ),
        );
    }
  }
  return found;
}
