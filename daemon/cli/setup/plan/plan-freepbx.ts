import { sectionOf, valuesOf } from '../conf/asterisk-conf.js';
import { snippet, snippetBody } from '../conf/snippets.js';
import { confOf } from '../machine/conf-of.js';
import type { PbxFacts } from '../machine/facts.js';
import type { Change, Plan } from './change.js';
import { added } from './files.js';
import { channelVariables, contextsMissing, type Secrets } from './plan-asterisk.js';
import { foreignUser, loopback, unclosed, unloadedModules, urlOf } from './plan-checks.js';

/**
 * FreePBX's address for its own requests to ARI. An empty value would be written as "*" (genConfig() of its ARI manager).
 */
const OWN_ORIGIN = 'http://localhost:8088';
/** As FreePBX installs it: every address of the machine. */
const EVERY_ADDRESS = ['::', '0.0.0.0', '[::]'];

const GENERATED = ['ari.conf', 'manager.conf', 'http.conf'];
const FILES: [file: string, secret: keyof Secrets | '', why: string][] = [
  ['http_custom.conf', '', "more connections for Asterisk's web server, which carries ARI"],
  ['ari_general_custom.conf', '', 'what ARI says about each call'],
  ['ari_additional_custom.conf', 'ari', 'the ARI user with which calls are seen and captured'],
  ['manager_custom.conf', 'ami', 'the AMI account with which transfers, queues and CDRs are heard'],
  ['cdr_manager_mapping_custom.conf', '', "which of Asterisk's CDRs belong to one call"],
];

/**
 * Returns what has to change on a FreePBX: only files that FreePBX leaves to admins, and its Advanced Settings. It writes all
 * others itself. Pure.
 */
export function planFreepbx(facts: PbxFacts, secrets: Secrets): Plan {
  const conflicts = FILES.flatMap(([file]) => unclosed(facts, file));
  const changes: (Change | null)[] = FILES.map(([file, secret, why]) => {
    const value = secret === '' ? '' : secrets[secret];
    const written = snippetBody(snippet(`freepbx/${file}`), value);
    return added(facts, file, linesFor(facts, file, written, secrets), { secret: value, why });
  });
  const ari = foreignUser(confOf(facts, 'ari.conf'), 'ari.conf', 'password', secrets.ari);
  const ami = foreignUser(confOf(facts, 'manager.conf'), 'manager.conf', 'secret', secrets.ami);
  const dialplan = contextsMissing(facts, 'extensions.conf', snippet('freepbx/extensions_custom.conf'));
  const why = 'the test call, and the announcement that a dialplan can ask for';
  changes.push(added(facts, 'extensions_custom.conf', dialplan, { why }));
  changes.push(keepChownAway(facts), ...settings(facts));
  const bind = facts.settings.HTTPBINDADDRESS ?? '';
  const modules = unloadedModules(facts);
  return {
    changes: changes.filter((change) => change !== null),
    conflicts: [...conflicts, ...modules.conflicts, ...ari.conflicts, ...ami.conflicts],
    warnings: [...warnings(facts), ...notIncluded(facts), ...modules.warnings],
    reach: {
      ariUrl: urlOf(EVERY_ADDRESS.includes(bind) ? '' : bind, Number(facts.settings.HTTPBINDPORT) || 8088),
      amiHost: '127.0.0.1',
      amiPort: Number(facts.settings.ASTMANAGERPORT) || 5038,
    },
  };
}

/** What is there already, from an installation by hand, is not written again. */
function linesFor(facts: PbxFacts, file: string, written: string, secrets: Secrets): string {
  const ari = confOf(facts, 'ari.conf');
  if (file === 'ari_additional_custom.conf')
    return foreignUser(ari, 'ari.conf', 'password', secrets.ari).there ? '' : written;
  if (file === 'manager_custom.conf')
    return foreignUser(confOf(facts, 'manager.conf'), 'manager.conf', 'secret', secrets.ami).there
      ? ''
      : written;
  if (file === 'ari_general_custom.conf') {
    const named = /^channelvars = (.*)$/m.exec(written)![1]!;
    const all = channelVariables(valuesOf(ari, 'general', 'channelvars').slice(-1), named);
    return all === null ? '' : written.replace(named, () => all);
  }
  if (file === 'cdr_manager_mapping_custom.conf') {
    const had = facts.files[file]?.text ?? '';
    const mapped = sectionOf(confOf(facts, 'cdr_manager.conf'), 'mappings')?.values ?? [];
    const keys = ['linkedid', 'sequence'].filter((key) => !mapped.some((one) => one.key === key));
    // A file of ours alone is included within [mappings]; somebody may have given theirs a heading.
    if (/^\s*\[mappings\]/m.test(had) && keys.length > 0) return `[mappings](+)\n${written}`;
    return written
      .split('\n')
      .filter((line) => keys.some((key) => line.startsWith(key)))
      .join('\n');
  }
  return written;
}

/**
 * "fwconsole start", "restart" and "chown" would take away the rights to the folder for recordings. Newer versions of FreePBX
 * leave a `directory` alone with all that is in it; older ones only what lies right in it, and need `item` for the folder itself.
 */
function keepChownAway(facts: PbxFacts): Change | null {
  const file = 'freepbx_chown.conf';
  const folder = `${facts.spool}/recording`;
  const conf = confOf(facts, file);
  const has = (key: string) =>
    valuesOf(conf, 'blacklist', key).some((value) => value.replace(/\/+$/, '') === folder);
  const lines = [
    ...(has('item') ? [] : [`item = ${folder}`]),
    ...(has('directory') ? [] : [`directory = ${folder}`]),
  ];
  return added(facts, file, lines.length === 0 ? '' : ['[blacklist]', ...lines].join('\n'), {
    why: 'keeps "fwconsole chown" away from the folder for recordings',
  });
}

const isOn = (value: string | undefined): boolean => /^(true|1|yes)$/i.test(value ?? '');

function settings({ settings: now }: PbxFacts): Change[] {
  const wanted: [key: string, after: string, why: string, needed: boolean][] = [
    ['HTTPENABLED', 'true', "Asterisk's web server, which carries ARI", !isOn(now.HTTPENABLED)],
    ['ENABLE_ARI', 'true', 'the Asterisk REST Interface', !isOn(now.ENABLE_ARI)],
    [
      'HTTPBINDADDRESS',
      '127.0.0.1',
      'FreePBX installs ARI for the whole network, where its password lets anyone listen to calls',
      now.HTTPBINDADDRESS === undefined ||
        now.HTTPBINDADDRESS === '' ||
        EVERY_ADDRESS.includes(now.HTTPBINDADDRESS),
    ],
    [
      'ARI_ALLOWED_ORIGINS',
      OWN_ORIGIN,
      'FreePBX installs "*", with which any web page may use ARI',
      (now.ARI_ALLOWED_ORIGINS ?? '*').trim() === '*',
    ],
  ];
  return wanted
    .filter(([key, , , needed]) => needed && now[key] !== undefined)
    .map(([key, after, why]) => ({ kind: 'setting', key, before: now[key]!, after, why }));
}

function warnings({ settings: now }: PbxFacts): string[] {
  const bind = now.HTTPBINDADDRESS ?? '';
  if (bind === '' || EVERY_ADDRESS.includes(bind) || loopback(bind)) return [];
  return [
    `Asterisk's web server listens on ${bind} (Advanced Settings, HTTP Bind Address). Setup leaves it there: another program may need it. Have the firewall keep its port from everybody else.`,
  ];
}

/** FreePBX includes these in files that it writes; an old one may not. */
const notIncluded = (facts: PbxFacts): string[] =>
  GENERATED.filter((file) => facts.files[file] !== undefined).flatMap((file) => {
    const base = file.replace('.conf', '');
    const { includes } = confOf(facts, file);
    return FILES.filter(([name]) => name.startsWith(`${base}_`) && !includes.includes(name)).map(
      ([name]) =>
        `${facts.etc}/${file} does not include ${name}: this FreePBX may be too old. Run "fwconsole reload", and setup again.`,
    );
  });
