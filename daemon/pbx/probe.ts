import type { TapedeckError } from '../domain/error.js';
import type { Log } from '../ops/log.js';
import { createAmi } from './ami.js';
import { connectionFault, readTrust, type Trust } from './trust.js';

/** What `tapedeck doctor` finds out about a PBX. Plain requests, one after the other, nothing kept open. */
export type AriProbe = {
  status: number;
  error: string;
  /** The certificate of the PBX is not accepted; `error` says why. */
  untrusted: boolean;
  version: string;
  /** Modules that run, and those that Tapedeck needs and that do not. */
  running: ReadonlySet<string>;
  missing: string[];
  mayWrite: boolean;
  /** null when there is no channel to look at. */
  tellsLinkedid: boolean | null;
  /** How far the PBX's clock is ahead of ours, in ms; null when it does not say. */
  clockMs: number | null;
};

const MODULES = [
  'res_ari_applications.so',
  'res_ari_bridges.so',
  'res_ari_channels.so',
  'res_ari_events.so',
  'res_ari_recordings.so',
  'res_stasis_snoop.so',
  'res_stasis_recording.so',
  'app_stasis.so',
  'format_wav.so',
];

type Ask = (method: string, path: string) => Promise<{ status: number; body: unknown }>;

function asking(url: string, user: string, password: string, trust: Trust): Ask {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return async (method, path) => {
    const answer = await trust.fetch(new URL(`/ari${path}`, url), {
      method,
      headers: { authorization },
      signal: AbortSignal.timeout(5_000),
    });
    const body: unknown = await answer.json().catch(() => null);
    return { status: answer.status, body };
  };
}

/** Asks once which modules run. `status` is that of the answer. Throws where there is none within 5 seconds. */
export async function probeModules(
  ...access: Parameters<typeof asking>
): Promise<{ status: number } & Pick<AriProbe, 'running' | 'missing'>> {
  return modulesIn(asking(...access));
}

async function modulesIn(ask: Ask) {
  const { status, body } = await ask('GET', '/asterisk/modules');
  const running = new Set<string>(
    (Array.isArray(body) ? body : []).filter((m) => m?.status === 'Running').map((m) => m.name),
  );
  return { status, running, missing: MODULES.filter((m) => !running.has(m)) };
}

export async function probeAri(
  url: string,
  user: string,
  password: string,
  trust = readTrust('', 'ari_ca_file'),
): Promise<AriProbe> {
  const ask = asking(url, user, password, trust);
  const probe: AriProbe = {
    status: 0,
    error: '',
    untrusted: false,
    version: '',
    running: new Set(),
    missing: [],
    mayWrite: false,
    tellsLinkedid: null,
    clockMs: null,
  };
  try {
    const info = await ask('GET', '/asterisk/info?only=system');
    probe.status = info.status;
    if (info.status !== 200) return probe;
    probe.version = String((info.body as { system?: { version?: unknown } }).system?.version ?? '');
    const { running, missing } = await modulesIn(ask);
    Object.assign(probe, { running, missing });
    // There is no such channel: a user who may write is told so (404), one who may only read is refused (403).
    probe.mayWrite = (await ask('DELETE', '/channels/tapedeck-doctor')).status === 404;
    const channels = (await ask('GET', '/channels')).body;
    if (Array.isArray(channels) && channels.length > 0)
      probe.tellsLinkedid = Boolean(channels[0]?.channelvars?.['CHANNEL(linkedid)']);
    const ping = (await ask('GET', '/asterisk/ping')).body as { timestamp?: unknown } | null;
    const told = Date.parse(String(ping?.timestamp ?? ''));
    if (Number.isFinite(told)) probe.clockMs = told - Date.now();
  } catch (e) {
    const cause = (e as { cause?: { code?: string } }).cause;
    const fault = connectionFault(url, e);
    probe.untrusted = fault.code === 'pbx_untrusted';
    probe.error = probe.untrusted
      ? fault.detail.slice(url.length + 2, -1)
      : (cause?.code ?? (e as Error).message);
  }
  return probe;
}

/** Signs in, and gives whether this user may run commands. Throws why it could not. */
export async function probeAmi(deps: {
  host: string;
  port: number;
  user: string;
  secret: string;
  tls?: Pick<Trust, 'ca'> | null;
  log: Log;
}): Promise<{ mayCommand: boolean }> {
  let settle: (error: TapedeckError | null) => void = () => {};
  const settled = new Promise<TapedeckError | null>((resolve) => {
    settle = resolve;
  });
  const ami = createAmi({
    ...deps,
    wanted: () => false,
    onEvent: () => {},
    onUp: () => settle(null),
    onDown: (reason) => settle(reason),
    now: Date.now,
  });
  ami.start();
  try {
    const error = await settled;
    if (error) throw error;
    return { mayCommand: await ami.may({ action: 'Command', command: 'core show version' }) };
  } finally {
    await ami.stop();
  }
}
