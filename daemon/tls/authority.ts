import 'reflect-metadata'; // what @peculiar/x509 is put together with; it has to come first
import { createPrivateKey, KeyObject, randomBytes, type webcrypto } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_nameConstraints,
  NameConstraints,
} from '@peculiar/asn1-x509';
import * as x509 from '@peculiar/x509';
import type { Names } from './names.js';

/**
 * The box's own certificate authority, the one file that knows @peculiar/x509. It may vouch for the names and networks of
 * this box and for nothing else (RFC 5280, 4.2.1.10): whoever trusts it trusts it with no other site.
 */
export type Authority = { certificate: string; key: string };

const DAY_MS = 86_400_000;
/** Browsers take no certificate that is good for longer than 398 days. */
const LEAF_DAYS = 397;
const AUTHORITY_DAYS = 3652;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** Makes an authority for these names and networks, good for ten years from yesterday on. */
export async function makeAuthority(
  names: Names,
  networks: readonly string[],
  now: number,
): Promise<Authority> {
  const keys = await newKeys();
  const title = `Tapedeck CA of ${titleOf(names).slice(0, 40)} ${randomBytes(3).toString('hex')}`;
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: [{ CN: [title] }],
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      constraints(names.dns, networks),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(made), key: pemOfKey(keys.privateKey) };
}

/** A certificate and key for a server of these names, good for 397 days from yesterday's hour on. */
export async function issue(authority: Authority, names: Names, now: number) {
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await privateKey(authority.key);
  const keys = await newKeys();
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: [{ CN: [titleOf(names).slice(0, 64)] }],
    issuer: issuer.subjectName,
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(Math.min(now + LEAF_DAYS * DAY_MS, issuer.notAfter.getTime())),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
      new x509.SubjectAlternativeNameExtension([
        ...names.dns.map((value) => ({ type: 'dns' as const, value })),
        ...names.ips.map((value) => ({ type: 'ip' as const, value })),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificate: pem(made), key: pemOfKey(keys.privateKey) };
}

/** Which of these names an authority may not vouch for. */
export function beyond(certificate: string, names: Names): string[] {
  const value = new x509.X509Certificate(certificate).getExtension(id_ce_nameConstraints)?.value;
  const permitted = value ? (AsnConvert.parse(value, NameConstraints).permittedSubtrees ?? []) : [];
  const dns = permitted.flatMap(({ base }) => base.dNSName ?? []);
  const list = new BlockList();
  for (const { base } of permitted) {
    const [network, bits] = base.iPAddress?.split('/') ?? [];
    if (network && bits) list.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  return [
    ...names.dns.filter((name) => !dns.some((to) => name === to || name.endsWith(`.${to}`))),
    ...names.ips.filter((ip) => !list.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4')),
  ];
}

function constraints(dns: readonly string[], networks: readonly string[]): x509.Extension {
  const bases = [
    ...dns.map((dNSName) => ({ dNSName })),
    ...networks.map((cidr) => ({ iPAddress: base(cidr) })),
  ];
  const subtrees = bases.map((name) => new GeneralSubtree({ base: new GeneralName(name) }));
  const value = new NameConstraints({ permittedSubtrees: new GeneralSubtrees(subtrees) });
  return new x509.Extension(id_ce_nameConstraints, true, AsnConvert.serialize(value));
}

/** The name by which people know the box: the first that is not this machine's own word for itself. */
const titleOf = ({ dns, ips }: Names): string =>
  [...dns, ...ips].find((name) => !/^(localhost|127\.0\.0\.1|::1)$/.test(name)) ?? 'localhost';

/** "192.168.1.9/24" as "192.168.1.0/24": some clients want the rest to be zero. */
function base(cidr: string): string {
  const [address = '', length = '0'] = cidr.split('/');
  const bits = Number(length);
  if (isIP(address) === 4) {
    const bytes = address.split('.').map((byte, i) => Number(byte) & mask(bits - 8 * i, 8));
    return `${bytes.join('.')}/${bits}`;
  }
  const [head = '', tail] = address.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail ? tail.split(':') : [];
  const zeros = Array(8 - front.length - back.length).fill('0');
  const groups = [...front, ...(tail === undefined ? [] : zeros), ...back];
  return `${groups.map((g, i) => (Number.parseInt(g, 16) & mask(bits - 16 * i, 16)).toString(16)).join(':')}/${bits}`;
}

/** The first `ones` of `size` bits. */
const mask = (ones: number, size: number): number =>
  (2 ** size - 1) & ~(2 ** (size - Math.max(0, Math.min(size, ones))) - 1);

const newKeys = () =>
  crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

/** 127 random bits: positive, whatever the first. */
const serial = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
};

const pem = (certificate: x509.X509Certificate): string => `${certificate.toString('pem').trim()}\n`;

const pemOfKey = (key: webcrypto.CryptoKey): string =>
  KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();

const privateKey = (text: string) =>
  crypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(text).export({ type: 'pkcs8', format: 'der' }),
    ALGORITHM,
    false,
    ['sign'],
  );
