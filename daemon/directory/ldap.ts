import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import {
  AndFilter,
  Client,
  type Entry,
  EqualityFilter,
  ExtensibleFilter,
  type Filter,
  FilterParser,
} from 'ldapts';
import { clean } from '../domain/call/party.js';
import { fail, TapedeckError } from '../domain/error.js';
import { extensionIn, type Outsider, sameDn } from '../domain/people/directory.js';
import { LONGEST_NAME, nameKey } from '../domain/people/person.js';
import type { Config } from '../ops/config-schema.js';

/** For each answer that is waited for. All that is asked in one go has twice that. */
const STEP_MS = 5_000;
/** After this long without an answer it is asked again; until then nobody waits for it. */
const REST_MS = 15_000;

/** Member directly or by other groups: an extension of Active Directory (LDAP_MATCHING_RULE_IN_CHAIN). */
const IN_CHAIN = '1.2.840.113556.1.4.1941';
/** userAccountControl of Active Directory: the account is disabled. */
const AD_DISABLED = 2;
/** What a server says when a password is not the right one: 19 and 53 for locked accounts, by policy (RFC 4511). */
const WRONG = new Set([19, 48, 49, 53]);
/** Busy, unavailable. */
const DOWN = new Set([51, 52]);

export type Ldap = ReturnType<typeof createLdap>;
export type LdapStep = { what: 'connection' | 'bind' | 'base' | 'group'; name: string; problem: string };

/**
 * People of an LDAP directory or Active Directory. The one file that knows ldapts. Names go to the server as values of a
 * filter, never as text in one; referrals are not followed; a password is sent over TLS only, which tapedeck.toml is checked
 * for. Everything throws `directory_down` or `directory_refused`.
 */
export function createLdap(deps: {
  config: Config['ldap'];
  /** Of the account that searches. */
  password: () => string;
  now: () => number;
  stepMs?: number;
}) {
  const { config, stepMs = STEP_MS } = deps;
  const { hostname } = new URL(config.url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const userFilter = FilterParser.parseString(config.user_filter);
  const groupFilter = FilterParser.parseString(config.group_filter);
  let restsUntil = 0;

  const tls = (): ConnectionOptions => ({
    minVersion: 'TLSv1.2',
    ...(config.ca_file && { ca: readFileSync(config.ca_file) }),
  });

  /** Connects, is known to the server as the account that searches, and does this; all within a limit. */
  async function ask<T>(work: (client: Client) => Promise<T>): Promise<T> {
    if (deps.now() < restsUntil) throw fail('directory_down', 'It did not answer a moment ago.');
    const secure = config.url.startsWith('ldaps:');
    const line = createLine();
    const client = new Client({
      url: config.url,
      timeout: stepMs,
      connectTimeout: stepMs,
      ...(secure
        ? { tlsOptions: tls(), createSecureConnection: line.by(tlsConnect) }
        : { createConnection: line.by(connect) }),
    });
    const late = setTimeout(() => line.cut(`No answer within ${(2 * stepMs) / 1000} s.`), 2 * stepMs);
    try {
      // The name in the certificate is compared with the one in the address here too: the library does not pass it on.
      if (!secure)
        await client.startTLS({ ...tls(), host, ...(!/^[\d.]+$|:/.test(host) && { servername: host }) });
      await client.bind(config.bind_dn, config.bind_dn && deps.password());
      return await work(client);
    } catch (e) {
      const error = understood(e);
      if (error.code === 'directory_down') restsUntil = deps.now() + REST_MS;
      throw error;
    } finally {
      clearTimeout(late);
      await client.unbind().catch(() => {});
    }
  }

  async function entryOf(client: Client, name: string): Promise<Entry | null> {
    const { searchEntries } = await client.search(config.base, {
      scope: 'sub',
      filter: new AndFilter({
        filters: [userFilter, new EqualityFilter({ attribute: config.user_attribute, value: name })],
      }),
      attributes: [
        ...[config.user_attribute, config.group_attribute, 'entryUUID', 'objectGUID', 'userAccountControl'],
        ...(config.extension_attribute ? [config.extension_attribute] : []),
      ],
      explicitBufferAttributes: ['objectGUID'],
      sizeLimit: 2,
      timeLimit: STEP_MS / 1000,
    });
    const [entry] = searchEntries;
    // Two that fit are nobody: it would be chance which of them it is.
    if (!entry || searchEntries.length > 1) return null;
    // What a server takes for the same name is more than what is: each spelling would be somebody else to those who count tries.
    const names = textsOf(entry, config.user_attribute).map((value) => nameKey(clean(value, LONGEST_NAME)));
    if (!names.includes(nameKey(name))) return null;
    return Number(textsOf(entry, 'userAccountControl')[0] ?? 0) & AD_DISABLED ? null : entry;
  }

  async function groupsOf(client: Client, entry: Entry): Promise<string[]> {
    if (config.groups === 'attribute') return textsOf(entry, config.group_attribute);
    const member: Filter =
      config.groups === 'nested'
        ? new ExtensibleFilter({ matchType: config.member_attribute, rule: IN_CHAIN, value: entry.dn })
        : new EqualityFilter({ attribute: config.member_attribute, value: entry.dn });
    const { searchEntries } = await client.search(config.group_base || config.base, {
      scope: 'sub',
      filter: new AndFilter({ filters: [groupFilter, member] }),
      attributes: ['1.1'],
      timeLimit: STEP_MS / 1000,
      paged: true,
    });
    return searchEntries.map(({ dn }) => dn);
  }

  async function outsider(client: Client, entry: Entry): Promise<Outsider> {
    const guid = attributeOf(entry, 'objectGUID');
    const [uuid] = textsOf(entry, 'entryUUID');
    const numbers = config.extension_attribute ? textsOf(entry, config.extension_attribute) : [];
    return {
      subject: uuid ?? (Buffer.isBuffer(guid) ? guid.toString('hex') : entry.dn.toLowerCase()),
      name: clean(textsOf(entry, config.user_attribute)[0], LONGEST_NAME),
      groups: await groupsOf(client, entry),
      extensions: numbers.flatMap((number) => extensionIn(number) ?? []),
    };
  }

  return {
    /** Who has this name, without their password; null for nobody, and for somebody who is disabled. */
    find: (name: string): Promise<Outsider | null> =>
      ask(async (client) => {
        const entry = await entryOf(client, name);
        return entry ? outsider(client, entry) : null;
      }),

    /** Who has this name and this password, or null. An empty password, which a server takes for no question, is no password. */
    check: (name: string, password: string): Promise<Outsider | null> =>
      ask(async (client) => {
        const entry = await entryOf(client, name);
        if (!entry || password === '') return null;
        const found = await outsider(client, entry);
        try {
          await client.bind(entry.dn, password);
        } catch (e) {
          if (WRONG.has(codeOf(e))) return null;
          throw e;
        }
        return found.name === '' ? null : found;
      }),

    /** Each thing that signing in needs, tried one by one, up to the first that makes the rest pointless. */
    async probe(): Promise<LdapStep[]> {
      const steps: LdapStep[] = [];
      const step = async (what: LdapStep['what'], name: string, work: () => Promise<string>) => {
        const problem = await work().catch((e: unknown) => understood(e).detail);
        steps.push({ what, name, problem });
      };
      restsUntil = 0;
      try {
        await ask(async (client) => {
          steps.push({ what: 'connection', name: config.url, problem: '' });
          if (config.bind_dn) steps.push({ what: 'bind', name: config.bind_dn, problem: '' });
          await step('base', config.base, async () => {
            const options = { scope: 'sub' as const, filter: userFilter, attributes: ['1.1'], sizeLimit: 1 };
            const { searchEntries } = await client.search(config.base, options);
            return searchEntries.length > 0 ? '' : 'Nobody there fits user_filter.';
          });
          for (const { group } of config.roles ?? [])
            await step('group', group, async () => {
              const { searchEntries } = await client.search(group, { scope: 'base', attributes: ['1.1'] });
              return searchEntries.some(({ dn }) => sameDn(dn, group)) ? '' : 'It is not there.';
            });
        });
      } catch (e) {
        const { code, detail } = understood(e);
        const down = code === 'directory_down';
        const [what, name] = down
          ? (['connection', config.url] as const)
          : (['bind', config.bind_dn] as const);
        steps.push({ what, name, problem: detail });
      }
      return steps;
    },
  };
}

/**
 * One connection and no other: where it was lost the library makes a new one by itself, in the clear where TLS had been begun
 * in it, and known to the server as nobody.
 */
function createLine() {
  let line: Socket | undefined;
  return {
    by: <Open extends (...given: never[]) => Socket>(open: Open): Open =>
      ((...given: Parameters<Open>) => {
        if (line) throw new Error('The connection was lost.');
        line = open(...given);
        return line;
      }) as Open,
    /** Whoever waits for an answer hears of it. */
    cut: (why: string): void => void line?.destroy(new Error(why)),
  };
}

/** What a server has answered has a number for a code; what a connection suffers a word or none. */
const codeOf = (e: unknown): number => {
  const { code } = e as { code?: unknown };
  return typeof code === 'number' ? code : Number.NaN;
};

function understood(e: unknown): TapedeckError {
  if (e instanceof TapedeckError) return e;
  const code = codeOf(e);
  const says = clean((e as Error).message, 200);
  return Number.isNaN(code) || DOWN.has(code)
    ? fail('directory_down', says, e)
    : fail('directory_refused', says, e);
}

/** The server writes the names of attributes in its own way. */
function attributeOf(entry: Entry, attribute: string): Entry[string] | undefined {
  const key = Object.keys(entry).find((k) => k.toLowerCase() === attribute.toLowerCase());
  return key === undefined ? undefined : entry[key];
}

function textsOf(entry: Entry, attribute: string): string[] {
  const value = attributeOf(entry, attribute) ?? [];
  return [value].flat().filter((v): v is string => typeof v === 'string' && v !== '');
}
