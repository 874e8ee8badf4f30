import { basename, dirname } from 'node:path';
import type { PbxConfig } from '../../../ops/config-schema.js';
import type { PbxFacts } from '../machine/facts.js';
import type { Change } from './change.js';
import type { Secrets } from './plan-asterisk.js';
import { type Answers, type OwnFacts, planOwn } from './plan-own.js';
import { filesForPbx } from './plan-second.js';

/** What is known of a PBX that nobody has looked at. Its spool must not exist here: the audio is fetched over ARI. */
const UNSEEN: PbxFacts = {
  ...{ kind: 'asterisk', version: '', freepbx: '', running: false, etc: '', logs: '' },
  ...{ spool: '/var/spool/asterisk-elsewhere', recordings: true, owner: { uid: 0, gid: 0 } },
  ...{ files: {}, contexts: [], beginsIn: [], cdrBackends: [], settings: {} },
};

/**
 * Returns what changes here when the only PBX is on another machine, which is reached over TLS. `address` is ours, as that PBX sees
 * it; `had` returns the text of a file. Pure.
 */
export function planElsewhere(
  own: OwnFacts,
  answers: Answers,
  {
    host,
    secrets,
    address,
    had,
    known,
  }: {
    host: string;
    secrets: Secrets;
    address: string;
    had: (path: string) => string | null;
    /** What the configuration says of this PBX already, which stays. */
    known?: Pick<PbxConfig, 'ari_url' | 'ami_host' | 'ami_port' | 'spool'> | undefined;
  },
): Change[] {
  const at = host.includes(':') ? `[${host}]` : host;
  const reach =
    known?.ami_host === host
      ? { ariUrl: known.ari_url, amiHost: host, amiPort: known.ami_port }
      : { ariUrl: `https://${at}:8089`, amiHost: host, amiPort: 5039 };
  const spool =
    known?.ami_host === host && basename(known.spool) === 'recording' ? dirname(known.spool) : UNSEEN.spool;
  const folder = `${own.etc}/pbx`;
  const files = Object.entries(filesForPbx(secrets, address)).flatMap(([name, text]): Change[] => {
    const path = `${folder}/${name}`;
    const before = had(path);
    if (before === text) return [];
    return [
      {
        ...{ kind: 'file', path, before, after: text, mode: 0o600, pbx: false, owner: own.root },
        ...{ secrets: [secrets.ari, secrets.ami], why: `for the ${name} of the PBX` },
      },
    ];
  });
  const made = own.hasFolder(folder, 0o700, own.root)
    ? []
    : [
        {
          ...{ kind: 'folder' as const, path: folder, mode: 0o700, owner: own.root, pbx: false },
          why: 'what to add to the PBX',
        },
      ];
  return [...planOwn(own, answers, { facts: { ...UNSEEN, spool }, reach, secrets }), ...made, ...files];
}
