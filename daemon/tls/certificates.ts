import { readFileSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { fail, type TapedeckError } from '../domain/error.js';
import { tlsFiles } from '../domain/paths.js';
import type { Log } from '../ops/log.js';
import type { TlsMode } from '../ops/tls-mode.js';
import { repeatedly } from '../ops/turns.js';
import { type AcmeAccount, type AcmeSettings, createAcme } from './acme.js';
import { beyond, issue, makeAuthority } from './authority.js';
import { type Card, cardsOf, namesOf, networksOf } from './names.js';
import { beginsAt, endsAt, goodAt, goodFor, type Pair, pairOf, readPair } from './pair.js';

export type TlsSettings = {
  mode: Exclude<TlsMode, 'off'>;
  dataDir: string;
  address: string;
  hosts: readonly string[];
  files: { certificate: string; key: string };
  acme: AcmeSettings;
};

const DAY_MS = 86_400_000;
/** How often everything is looked at again: our addresses, the admin's files, the dates. */
const LOOK_MS = 60_000;
/** After an order that failed the next one waits this long. */
const RETRY_MS = 15 * 60_000;

/**
 * The certificate that the dashboard serves, whatever it comes from, and its renewal. `onChange` is called with each new
 * one; nothing has to be started anew for it.
 */
export function createCertificates(deps: {
  settings: TlsSettings;
  /** Writes a file durably, with this mode where it makes one. */
  write: (path: string, bytes: Uint8Array, mode: number) => Promise<unknown>;
  onChange: (pair: Pair) => void;
  log: Log;
  now: () => number;
  cards?: () => Card[];
}) {
  const { settings, log, now, cards = cardsOf } = deps;
  const files = tlsFiles(settings.dataDir);
  const proofs = new Map<string, string>();
  const acme = createAcme(settings.acme, {
    answer: (token, proof) => void proofs.set(token, proof),
    forget: (token) => void proofs.delete(token),
  });
  let served: Pair | null = null;
  let ordering: Promise<void> | null = null;
  let answering = false;
  let orderAt = 0;
  let complaint = '';

  const save = (path: string, text: string, mode: number) => deps.write(path, Buffer.from(text), mode);

  /** What is on the disk, or null when it is not there or no use. */
  function kept(certificate: string, key: string): Pair | null {
    if (!written(certificate) || !written(key)) return null;
    try {
      return pairOf(readFileSync(certificate, 'utf8'), readFileSync(key, 'utf8'));
    } catch (err) {
      log.warn({ err }, 'a certificate of ours cannot be used, and is made anew');
      return null;
    }
  }

  /** By the box's own authority: what is there while it fits, or else a new one. */
  async function own(): Promise<Pair> {
    const names = namesOf(settings, cards());
    const authority = kept(files.authority, files.authorityKey);
    const asked = { dns: names.dns, ips: namesOf(settings, []).ips };
    const lacks = authority ? beyond(authority.certificate, asked) : [];
    const fits = authority && lacks.length === 0 && goodAt(authority.leaf, now() + 30 * DAY_MS);
    const by = fits ? authority : await newAuthority(authority, lacks);
    const left = new Set(beyond(by.certificate, names));
    const good = { dns: names.dns, ips: names.ips.filter((ip) => !left.has(ip)) };
    if (left.size > 0)
      complain(`${[...left].join(', ')} is in no network that the box's authority may vouch for.`);
    const old = kept(files.own, files.ownKey);
    if (old?.leaf.verify(by.leaf.publicKey) && fitsStill(old, [...good.dns, ...good.ips])) return old;
    const made = await issue(by, good, now());
    await save(files.ownKey, made.key, 0o600);
    await save(files.own, made.certificate, 0o644);
    const pair = pairOf(made.certificate, made.key);
    log.info({ names: [...good.dns, ...good.ips], until: pair.leaf.validTo }, 'a certificate was made');
    return pair;
  }

  async function newAuthority(old: Pair | null, lacks: string[]): Promise<Pair> {
    const names = namesOf(settings, cards());
    const made = await makeAuthority(names, networksOf(names, cards()), now());
    await save(files.authorityKey, made.key, 0o600);
    await save(files.authority, made.certificate, 0o644);
    const pair = pairOf(made.certificate, made.key);
    const sha256 = pair.leaf.fingerprint256;
    if (old)
      log.warn(
        { sha256, lacks },
        'The old authority may not vouch for all names of this box, or has ended: a new one was made, and everybody has to trust it ("tapedeck tls ca")',
      );
    else
      log.info(
        { sha256 },
        'the certificate authority of this box was made; "tapedeck tls ca" prints it for browsers to trust',
      );
    return pair;
  }

  /** Whether one goes on being served: good for these names, and not in the last tenth of its time. */
  function fitsStill({ leaf }: Pair, names: readonly string[]): boolean {
    const [from, to] = [beginsAt(leaf), endsAt(leaf)];
    return from <= now() && now() < to - (to - from) / 10 && names.every((name) => goodFor(leaf, name));
  }

  /** The admin's own. Throws `tls_invalid`. */
  function admins(): Pair {
    const pair = readPair(settings.files);
    const { leaf } = pair;
    if (now() >= endsAt(leaf)) throw fail('tls_invalid', `The certificate ended on ${leaf.validTo}.`);
    if (now() < beginsAt(leaf))
      throw fail('tls_invalid', `The certificate begins on ${leaf.validFrom}; is the clock right?`);
    const names = settings.hosts.length > 0 ? settings.hosts : [settings.address];
    const bad = names.filter((name) => !goodFor(leaf, name));
    if (bad.length === names.length)
      throw fail(
        'tls_invalid',
        `The certificate is for ${leaf.subjectAltName ?? 'no name'}, not for ${bad.join(', ')}.`,
      );
    if (bad.length > 0) complain(`The certificate is not good for ${bad.join(', ')}.`);
    if (endsAt(leaf) - now() < 14 * DAY_MS)
      complain(`The certificate ends on ${leaf.validTo}: put a new one there.`);
    return pair;
  }

  /** The ACME server's, or the box's own until it has given one. Orders in the background. */
  async function ordered(): Promise<Pair> {
    const old = kept(files.acme, files.acmeKey);
    const wanted = settings.hosts;
    // A third of its time is left: servers of an office give certificates of a day.
    const late = old && now() > endsAt(old.leaf) - (endsAt(old.leaf) - beginsAt(old.leaf)) / 3;
    const needed = !old || late || !wanted.every((name) => goodFor(old.leaf, name));
    if (needed && answering && !ordering && now() >= orderAt)
      ordering = order().finally(() => {
        ordering = null;
      });
    return old && goodAt(old.leaf, now()) ? old : own();
  }

  async function order(): Promise<void> {
    orderAt = now() + RETRY_MS;
    try {
      const made = await acme.order(keptAccount() ?? (await acme.newAccount()), settings.hosts);
      pairOf(made.certificate, made.key);
      await save(files.acmeAccount, JSON.stringify(made.account), 0o600);
      await save(files.acmeKey, made.key, 0o600);
      await save(files.acme, made.certificate, 0o644);
      orderAt = 0;
      complaint = '';
      log.info({ names: settings.hosts }, 'the ACME server gave a certificate');
      setImmediate(() => void looking.now());
    } catch (err) {
      log.warn({ err }, 'the ACME server gave no certificate; the next try is in 15 minutes');
      // One that the server does not know any more is of no use.
      if (/account/i.test((err as Error).message)) await save(files.acmeAccount, '', 0o600);
    }
  }

  function keptAccount(): AcmeAccount | null {
    try {
      return JSON.parse(readFileSync(files.acmeAccount, 'utf8'));
    } catch {
      return null;
    }
  }

  /** Said once, and again when it is something else. */
  function complain(text: string): void {
    if (text !== complaint) log.warn(text);
    complaint = text;
  }

  async function current(): Promise<Pair> {
    await mkdir(files.dir, { recursive: true, mode: 0o750 });
    if (settings.mode === 'own') return own();
    return settings.mode === 'acme' ? ordered() : admins();
  }

  async function serve(pair: Pair): Promise<void> {
    if (served?.certificate === pair.certificate && served.key === pair.key) return;
    served = pair;
    deps.onChange(pair);
    await save(files.served, pair.certificate, 0o644);
  }

  /** Looks whether another certificate is to be served by now. What is wrong is said; the old one goes on. */
  const looking = repeatedly(
    LOOK_MS,
    async () => serve(await current()),
    (e) => complain(`The certificate in use stays: ${(e as TapedeckError).message}`),
  );

  return {
    /** Throws `tls_invalid` when the admin's certificate cannot be used. Calls `onChange` before it resolves. */
    async start(): Promise<void> {
      await serve(await current());
    },
    /** From now on it is renewed. An ACME server that is asked for one finds its proof where people are served. */
    async keep(): Promise<void> {
      answering = true;
      looking.start();
      await looking.now();
    },
    look: looking.now,
    stop: looking.stop,
    /** The box's own authority in PEM form; null when the certificate comes from elsewhere. */
    authority: (): string | null =>
      settings.mode === 'own' && written(files.authority) ? readFileSync(files.authority, 'utf8') : null,
    /** What is to be answered to an ACME server that asks for this token. */
    proof: (token: string): string | null => proofs.get(token) ?? null,
  };
}

/** An empty one was made beforehand: the dashboard may be kept from making files. */
const written = (file: string): boolean => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
