import { isIPv4 } from 'node:net';
import { isTrue, lastValue, sectionOf, valuesOf } from '../conf/asterisk-conf.js';
import { snippet, snippetLines, snippetSection } from '../conf/snippets.js';
import { confOf } from '../machine/conf-of.js';
import type { PbxFacts } from '../machine/facts.js';
import type { FileChange, Plan } from './change.js';
import { added } from './files.js';
import {
  foreignUser,
  listensAt,
  loopback,
  reachable,
  unclosed,
  unloadedModules,
  urlOf,
} from './plan-checks.js';

export type Secrets = { ari: string; ami: string };
type Part = Omit<Plan, 'reach'>;

const DEFAULT_PORTS = { http: 8088, ami: 5038 };

/** Returns what has to change in the configuration of an Asterisk that people wrote themselves. Pure. */
export function planAsterisk(facts: PbxFacts, secrets: Secrets): Plan {
  const http = planHttp(facts);
  const ami = planManager(facts, secrets.ami);
  const modules = { changes: [], ...unloadedModules(facts) };
  const parts = [modules, http, planAri(facts, secrets.ari), ami, planCdrs(facts), planDialplan(facts)];
  return {
    changes: parts.flatMap((part) => part.changes),
    conflicts: parts.flatMap((part) => part.conflicts),
    warnings: parts.flatMap((part) => part.warnings),
    reach: { ariUrl: http.url, amiHost: ami.host, amiPort: ami.port },
  };
}

/** `[general](+)` adds to a section that is there; without one it would be an error. */
const heading = (there: boolean, name: string): string => (there ? `[${name}](+)` : `[${name}]`);

const part = (facts: PbxFacts, name: string, change: FileChange | null): Part => ({
  changes: change ? [change] : [],
  conflicts: unclosed(facts, name),
  warnings: [],
});

function planHttp(facts: PbxFacts): Part & { url: string } {
  const conf = confOf(facts, 'http.conf');
  const get = (key: string) => lastValue(conf, 'general', key);
  const enabled = isTrue(get('enabled'));
  const bind = get('bindaddr') ?? '';
  const wanted: Record<string, string | null> = {};
  if (!enabled) wanted.enabled = null;
  // While it is off, whatever address is written there serves nobody.
  if (bind === '' || (!enabled && !loopback(bind))) wanted.bindaddr = null;
  if (!(Number(get('sessionlimit')) >= 250)) wanted.sessionlimit = null;
  const lines = snippetLines(snippet('http.conf'), wanted);
  const change = added(
    facts,
    'http.conf',
    lines.length === 0 ? '' : [heading(!!sectionOf(conf, 'general'), 'general'), ...lines].join('\n'),
    { why: "Asterisk's web server, which carries ARI" },
  );
  const own = part(facts, 'http.conf', change);
  if (get('prefix'))
    own.conflicts.push(
      `http.conf sets "prefix = ${get('prefix')}", and Tapedeck looks for ARI at /ari. Remove that line if no other program needs it.`,
    );
  // What it serves nobody at yet is replaced, unless that is this machine.
  const at = wanted.bindaddr === undefined ? bind : '';
  const port = Number(get('bindport')) || DEFAULT_PORTS.http;
  if (enabled && bind !== '' && !loopback(bind))
    own.warnings.push(
      `http.conf has Asterisk's web server listen on ${bind}. Setup leaves it there: another program may need it. Have the firewall keep port ${listensAt(bind).port ?? port} from everybody else.`,
    );
  return { ...own, url: urlOf(at, port) };
}

/** Those that our snippet names, after those that somebody else needs. */
export function channelVariables(given: readonly string[], wanted: string): string | null {
  // ARI takes them all together, whatever lines they come from.
  const known = given.flatMap((value) => value.split(',')).map((name) => name.trim());
  const missing = wanted.split(',').filter((name) => !known.includes(name));
  return missing.length === 0 ? null : [...new Set([...known, ...missing])].filter(Boolean).join(',');
}

const WRITE_TIMEOUT_MS = 1000;

function planAri(facts: PbxFacts, password: string): Part {
  const conf = confOf(facts, 'ari.conf');
  const ours = snippet('ari.conf');
  const wanted: Record<string, string | null> = {};
  const enabled = lastValue(conf, 'general', 'enabled');
  if (enabled !== undefined && !isTrue(enabled)) wanted.enabled = null;
  if (!(Number(lastValue(conf, 'general', 'websocket_write_timeout')) >= WRITE_TIMEOUT_MS))
    wanted.websocket_write_timeout = null;
  const named = /^channelvars = (.*)$/m.exec(ours)![1]!;
  const variables = channelVariables(valuesOf(conf, 'general', 'channelvars').slice(-1), named);
  if (variables !== null) wanted.channelvars = variables;
  const general = snippetLines(ours, wanted);
  const user = foreignUser(conf, 'ari.conf', 'password', password);
  const lines = [
    ...(general.length > 0 ? [heading(!!sectionOf(conf, 'general'), 'general'), ...general, ''] : []),
    ...(user.there ? [] : [snippetSection(ours, 'tapedeck', password)]),
  ];
  const own = part(
    facts,
    'ari.conf',
    added(facts, 'ari.conf', lines.join('\n'), {
      secret: password,
      why: 'the ARI user with which calls are seen and captured',
    }),
  );
  own.conflicts.push(...user.conflicts);
  if (lastValue(conf, 'general', 'allowed_origins')?.trim() === '*')
    own.warnings.push(
      'ari.conf has "allowed_origins = *": a page that somebody opens on this machine may then use ARI. Remove it unless another program needs it.',
    );
  return own;
}

function planManager(facts: PbxFacts, secret: string): Part & { host: string; port: number } {
  const conf = confOf(facts, 'manager.conf');
  const ours = snippet('manager.conf');
  const get = (key: string) => lastValue(conf, 'general', key);
  const enabled = isTrue(get('enabled'));
  const bind = get('bindaddr') ?? '';
  const wanted: Record<string, string | null> = {};
  if (!enabled) wanted.enabled = null;
  if ((enabled && bind === '') || (!enabled && !loopback(bind))) wanted.bindaddr = null;
  const general = snippetLines(ours, wanted);
  const user = foreignUser(conf, 'manager.conf', 'secret', secret);
  const host = reachable(wanted.bindaddr === undefined ? bind : '');
  const account = user.there ? '' : permitting(host, snippetSection(ours, 'tapedeck', secret));
  // Debian's manager.conf includes this folder for accounts of other packages.
  const apart = conf.includes.some((pattern) => pattern.endsWith('manager.d/*.conf'));
  const start = general.length > 0 ? [heading(!!sectionOf(conf, 'general'), 'general'), ...general] : [];
  const why = 'the AMI account with which transfers, queues and CDRs are heard';
  const changes = apart
    ? [
        added(facts, 'manager.conf', start.join('\n'), { why: 'the manager interface' }),
        added(facts, 'manager.d/tapedeck.conf', account, { secret, why }),
      ]
    : [added(facts, 'manager.conf', [...start, '', account].join('\n').trim(), { secret, why })];
  const warnings =
    enabled && bind !== '' && !loopback(bind)
      ? [
          `manager.conf has AMI listen on ${bind}. Setup leaves it there: another program may need it. The account "tapedeck" can sign in from this machine only.`,
        ]
      : [];
  return {
    changes: changes.filter((change) => change !== null),
    conflicts: [...unclosed(facts, 'manager.conf'), ...user.conflicts],
    warnings,
    host,
    port: Number(get('port')) || DEFAULT_PORTS.ami,
  };
}

/** The account, which may then sign in from an address of this machine other than loopback too: AMI sees that one there. */
const permitting = (host: string, account: string): string =>
  isIPv4(host) && !loopback(host)
    ? account.replace(/^permit = 127\..*$/m, (line) => `${line}\npermit = ${host}/255.255.255.255`)
    : account;

function planCdrs(facts: PbxFacts): Part {
  const conf = confOf(facts, 'cdr_manager.conf');
  const ours = snippet('cdr_manager.conf');
  const lines: string[] = [];
  if (!isTrue(lastValue(conf, 'general', 'enabled')))
    lines.push(
      heading(!!sectionOf(conf, 'general'), 'general'),
      ...snippetLines(ours, { enabled: null }),
      '',
    );
  const mappings = sectionOf(conf, 'mappings')?.values.map(({ key }) => key) ?? [];
  const missing = ['linkedid', 'sequence'].filter((key) => !mappings.includes(key));
  if (missing.length > 0)
    lines.push(
      heading(!!sectionOf(conf, 'mappings'), 'mappings'),
      ...snippetLines(ours, Object.fromEntries(missing.map((key) => [key, null]))),
    );
  const own = part(
    facts,
    'cdr_manager.conf',
    added(facts, 'cdr_manager.conf', lines.join('\n').trim(), {
      why: "Asterisk's own record of each call, to compare with Tapedeck's",
    }),
  );
  const enabled = lastValue(confOf(facts, 'cdr.conf'), 'general', 'enable');
  if (enabled !== undefined && !isTrue(enabled))
    own.warnings.push(
      'cdr.conf has "enable = no": Asterisk keeps no record of its calls, so nothing independent confirms that all were recorded.',
    );
  return own;
}

/** Contexts that are there already, from an installation by hand, are left as they are. */
export function contextsMissing(facts: PbxFacts, name: string, ours: string): string {
  const conf = confOf(facts, name);
  return ['tapedeck-test', 'tapedeck-consent']
    .filter((context) => !sectionOf(conf, context))
    .map((context) => snippetSection(ours, context))
    .join('\n\n');
}

function planDialplan(facts: PbxFacts): Part {
  const lines = contextsMissing(facts, 'extensions.conf', snippet('extensions.conf'));
  const change = added(facts, 'extensions.conf', lines, {
    why: 'the test call, and the announcement that a dialplan can ask for',
  });
  return part(facts, 'extensions.conf', change);
}
