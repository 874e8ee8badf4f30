import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import tls from 'node:tls';
import type { PbxConfig } from '../../ops/config-schema.js';
import { readTrust } from '../../pbx/trust.js';
import { bad, type Finding, ok, warn } from './finding.js';

/** A certificate is to be renewed so many days before it expires. */
const SOON_DAYS = 21;
const DAY_MS = 86_400_000;
const PATIENCE_MS = 5_000;

export const certificateTodo = (address: string, authority: string): string =>
  `Renew the certificate on the PBX, write its name into "${address}", or name the authority that signed it in "${authority}".`;

/**
 * How the connections to a PBX are protected: a PBX on another machine has to be spoken to over TLS, and its certificate must not expire
 * soon. Whether it is accepted at all is said by what is asked over it.
 */
export async function connections(pbx: PbxConfig, now = Date.now()): Promise<Finding[]> {
  const { hostname, protocol, port } = new URL(pbx.ari_url);
  const ariHost = hostname.replace(/^\[|\]$/g, '');
  const ends = [
    {
      ...{ name: 'ARI', key: 'ari_url', host: ariHost, port: Number(port) || 443 },
      ca: protocol === 'https:' ? readTrust(pbx.ari_ca_file, 'ari_ca_file').ca : null,
      todo: 'Set tlsenable and tlsbindaddr in http.conf, and "ari_url" to https:// with that port (docs/start/pbx-elsewhere.md).',
    },
    {
      ...{ name: 'AMI', key: 'ami_host', host: pbx.ami_host, port: pbx.ami_port },
      ca: pbx.ami_tls ? readTrust(pbx.ami_ca_file, 'ami_ca_file').ca : null,
      todo: 'Set tlsenable and tlsbindaddr in manager.conf, "ami_tls" to true, and "ami_port" to that port (docs/start/pbx-elsewhere.md).',
    },
  ];
  const found = await Promise.all(
    ends.map(async ({ name, key, host, port, ca, todo }): Promise<Finding[]> => {
      const what = `PBX (${name}) connection`;
      if (ca === null) {
        if (await isHere(host)) return [];
        return [
          bad(what, `${host} is another machine, and passwords and calls go to it in plain text.`, todo),
        ];
      }
      const until = await expiry(host, port, ca);
      if (until === null) return []; // said where it is asked
      const days = Math.floor((until - now) / DAY_MS);
      const shown = `TLS; the certificate of ${host} is valid for ${days} more days`;
      return [
        days < SOON_DAYS
          ? warn(
              what,
              `${shown}. Then no call is recorded.`,
              'Renew it on the PBX, then reload its http and manager modules.',
            )
          : ok(what, `${shown} (${key}).`),
      ];
    }),
  );
  return found.flat();
}

/** Whether a name leads to this machine. */
async function isHere(host: string): Promise<boolean> {
  const own = Object.values(networkInterfaces()).flatMap((cards) =>
    (cards ?? []).map(({ address }) => address),
  );
  const addresses = isIP(host)
    ? [host]
    : await lookup(host, { all: true }).then(
        (all) => all.map(({ address }) => address),
        () => [],
      );
  const here = (address: string) => address.startsWith('127.') || address === '::1' || own.includes(address);
  return addresses.length > 0 && addresses.every(here);
}

/** Until when the certificate that is shown there is valid, in ms since 1970; null where it is not accepted, or nobody answers. */
function expiry(host: string, port: number, ca: string | undefined): Promise<number | null> {
  return new Promise((resolve) => {
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = tls.connect({ host, port, ...name, ca, timeout: PATIENCE_MS }, () => {
      resolve(Date.parse(socket.getPeerCertificate().valid_to));
      socket.destroy();
    });
    const failed = () => {
      socket.destroy();
      resolve(null);
    };
    socket.once('error', failed).once('timeout', failed);
  });
}
