import { type Conf, isTrue, lastValue, sectionOf } from '../conf/asterisk-conf.js';
import { confOf } from '../machine/conf-of.js';
import type { PbxFacts } from '../machine/facts.js';
import type { Plan } from './change.js';

/** An address at which Asterisk listens, without its brackets, and the port that may stand after it. */
export function listensAt(bind: string): { host: string; port: number | null } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(bind.trim()) ?? [];
  const host = bracketed ?? plain ?? bind.trim();
  return { host, port: port === undefined ? null : Number(port) };
}

/** Whether an address of Asterisk's serves this machine only. */
export const loopback = (address: string): boolean =>
  /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/.test(listensAt(address).host);

/** Returns the address by which this machine reaches what listens there. */
export function reachable(bind: string): string {
  const { host } = listensAt(bind);
  return ['', '0.0.0.0', '::', 'localhost'].includes(host) ? '127.0.0.1' : host;
}

/** Returns the URL of a web server of Asterisk's. A port that stands with the address goes before `bindport`. */
export function urlOf(bind: string, port: number): string {
  const host = reachable(bind);
  return `http://${host.includes(':') ? `[${host}]` : host}:${listensAt(bind).port ?? port}`;
}

/** What Tapedeck needs of ARI and nothing else brings along, and what those are loaded with (22.10.1). */
const MODULES = ['res_ari_channels', 'res_ari_recordings', 'res_ari_events', 'app_stasis', 'format_wav'];
const BROUGHT = [
  ...['res_ari', 'res_ari_model', 'res_http_websocket', 'res_stasis', 'res_stasis_answer'],
  ...['res_stasis_playback', 'res_stasis_recording', 'res_stasis_snoop'],
];
const LOADS = ['load', 'require', 'preload', 'preload-require'];

/** Why Asterisk would not load a module, by its modules.conf; null where it would. A name there may lack its ".so". */
function unloaded(conf: Conf, module: string): string | null {
  const named = (...keys: string[]) =>
    conf.sections.some(({ values }) =>
      values.some(({ key, value }) => keys.includes(key) && value.replace(/\.so$/, '') === module),
    );
  if (named('noload')) return 'noload';
  const auto = BROUGHT.includes(module) ? undefined : lastValue(conf, 'modules', 'autoload');
  return auto !== undefined && !isTrue(auto) && !named(...LOADS) ? 'no "load", with autoload = no' : null;
}

/** What modules.conf keeps from being loaded: without some of it nothing can be recorded, without CDRs nothing is compared. */
export function unloadedModules(facts: PbxFacts): Pick<Plan, 'conflicts' | 'warnings'> {
  const conf = confOf(facts, 'modules.conf');
  const said = (modules: readonly string[]) => {
    const kept = modules.flatMap((module) => {
      const why = unloaded(conf, module);
      return why === null ? [] : [`${module}.so (${why})`];
    });
    return kept.length === 0
      ? []
      : [`${facts.etc}/modules.conf keeps Asterisk from loading ${kept.join(', ')}.`];
  };
  return {
    conflicts: said([...MODULES, ...BROUGHT]).map(
      (kept) =>
        `${kept} Tapedeck records by ARI, which needs it. Remove "noload", or add "load" lines, restart Asterisk, and run setup again.`,
    ),
    warnings: said(['cdr_manager']).map(
      (kept) =>
        `${kept} Tapedeck gets Asterisk's own record of each call from it, so nothing independent confirms that all calls were recorded. Have it loaded, and restart Asterisk.`,
    ),
  };
}

/**
 * Whether the account "tapedeck" is there already with our secret, from an installation by hand. One with another secret is
 * somebody's: a conflict.
 */
export function foreignUser(
  conf: Conf,
  file: string,
  key: 'password' | 'secret',
  secret: string,
): { there: boolean; conflicts: string[] } {
  const section = sectionOf(conf, 'tapedeck');
  if (!section) return { there: false, conflicts: [] };
  if (section.values.findLast((one) => one.key === key)?.value === secret)
    return { there: true, conflicts: [] };
  const at = `${section.file}, line ${section.line}`;
  const own = key === 'password' ? '/etc/tapedeck/ari-password' : '/etc/tapedeck/ami-secret';
  return {
    there: true,
    conflicts: [
      `${file} already has an account [tapedeck] (${at}) that setup did not write. If it is from an earlier installation of Tapedeck, put its ${key} into ${own} and run setup again. Otherwise rename or remove that section.`,
    ],
  };
}

/** A block comment that is not closed would swallow what is added. */
export const unclosed = (facts: PbxFacts, name: string): string[] =>
  confOf(facts, name).unclosed.map(
    (file) =>
      `${facts.etc}/${file} ends within a block comment (";--" without "--;"), so Asterisk would not read what setup adds. Close the comment and run setup again.`,
  );
