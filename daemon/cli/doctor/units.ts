import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Config } from '../../ops/config-schema.js';
import { dashboardOf, refusedAsDashboard } from '../../ops/dashboard-client.js';
import { outputOf } from '../../ops/process/run-program.js';
import { ORIGINALS_UNITS } from '../../originals/apart/place.js';
import { bad, type Finding, ok, warn } from './finding.js';
import { listeners, listenersOf, socketTables } from './machine.js';

/** Returns what systemd says of a unit, as lines of "Name=value", `LoadState` among them. Throws where there is no systemd. */
export async function askSystemd(unit: string, ...properties: string[]): Promise<string> {
  const asked = ['LoadState', ...properties].map((name) => `--property=${name}`);
  return (await promisify(execFile)('systemctl', ['show', unit, ...asked], { timeout: 5_000 })).stdout;
}

/** The same of a unit that is installed; null where there is no systemd, or no such unit. */
export type Show = (unit: string, ...properties: string[]) => Promise<string | null>;
export const showUnit: Show = async (...given) => {
  const said = await askSystemd(...given).catch(() => null);
  return said && /^LoadState=loaded$/m.test(said) ? said : null;
};

const valueIn = (text: string, key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '';

/** Whether the services wait for the disk of the data. Nothing where systemd does not run them. */
export async function mounts({ data: { dir } }: Config, show: Show = showUnit): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const unit of ['tapedeck.service', 'tapedeck-web.service']) {
    const said = await show(unit, 'RequiresMountsFor');
    if (said === null) continue;
    const waited = valueIn(said, 'RequiresMountsFor').split(' ').filter(Boolean);
    if (!waited.some((path) => dir === path || dir.startsWith(`${path.replace(/\/+$/, '')}/`)))
      found.push(
        bad(
          'data disk',
          `${unit} does not wait for the disk of ${dir}: after a restart it may look there before the disk is mounted.`,
          `systemctl edit ${unit}: below [Unit], RequiresMountsFor=${dir}. Then: systemctl daemon-reload`,
        ),
      );
  }
  return found;
}

/** Whether systemd has given a service up because only a person can help, and whether it starts with the machine. */
export async function services(show: Show = showUnit): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const unit of ['tapedeck', 'tapedeck-web', 'tapedeck-encoder']) {
    const said = await show(`${unit}.service`, 'ActiveState', 'UnitFileState', 'ExecMainStatus', 'NRestarts');
    if (said === null) continue;
    const [state, status] = [valueIn(said, 'ActiveState'), valueIn(said, 'ExecMainStatus')];
    if (state === 'failed')
      found.push(
        bad(
          'services',
          `${unit} has ended with exit code ${status} and is not restarted.`,
          `Read why: journalctl -u ${unit} -n 20. Correct it, then: systemctl start ${unit}`,
        ),
      );
    else if (state === 'activating' && Number(valueIn(said, 'NRestarts')) > 3)
      found.push(
        warn(
          'services',
          `${unit} does not come up: systemd has restarted it ${valueIn(said, 'NRestarts')} times.`,
          `Read why: journalctl -u ${unit} -n 50`,
        ),
      );
    if (valueIn(said, 'UnitFileState') === 'disabled')
      found.push(
        warn('services', `${unit} does not start when the machine starts.`, `systemctl enable ${unit}`),
      );
  }
  return found;
}

/** The names of the transient units that open originals for imports; none where there is no systemd. */
export const originalsUnits = async (): Promise<string[]> => {
  const listed = ['list-units', '--all', '--plain', '--no-legend', ORIGINALS_UNITS];
  const said = (await outputOf('systemctl', listed, 5_000)) ?? '';
  return said.split('\n').flatMap((line) => /^(tapedeck-originals-\S+)/.exec(line)?.[1] ?? []);
};

/** Which folders processes of imports can read besides the recorder, and since when. */
export async function originals(
  list: () => Promise<string[]> = originalsUnits,
  show: Show = showUnit,
): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const unit of await list()) {
    const said = await show(unit, 'ActiveState', 'ActiveEnterTimestamp', 'ExecStart');
    if (said === null) continue;
    const folder = / serve-originals (.+) \/run\/tapedeck-originals-/.exec(valueIn(said, 'ExecStart'))?.[1];
    const [state, since] = [valueIn(said, 'ActiveState'), valueIn(said, 'ActiveEnterTimestamp')];
    found.push(
      ok(
        'originals',
        `${unit} (${state}) opens ${folder ?? 'a folder'} for an import${since === '' ? '' : ` since ${since}`}. It ends with the import; "systemctl stop ${unit}" ends it now.`,
      ),
    );
  }
  return found;
}

/** Who has the dashboard's port, before root is given up: other users' processes show their sockets to root alone. */
export const portOwners = async ({ web }: Pick<Config, 'web'>): Promise<string[]> =>
  web.port === 0 ? [] : listenersOf(await socketTables(), web.port);

/** Whether the dashboard is what answers where browsers look for it. `owners`: of portOwners(). */
export async function ports(
  { web, data }: Pick<Config, 'web' | 'data'>,
  owners: string[],
): Promise<Finding[]> {
  if (web.port === 0) return [];
  const at = listeners(await socketTables(), web.port);
  const check = 'dashboard port';
  if (at.length === 0)
    return [
      warn(
        check,
        `Nothing listens on port ${web.port}: nobody can open the dashboard.`,
        'Start it: systemctl start tapedeck-web; then look at its log: journalctl -u tapedeck-web -n 20',
      ),
    ];
  const dashboard = dashboardOf(web, data.dir);
  const why = await refusedAsDashboard(dashboard);
  if (why === null) return [ok(check, `The dashboard answers at ${dashboard.address}.`)];
  const owner = owners.length > 0 ? ` It belongs to ${owners.join(', ')}.` : '';
  return [
    bad(
      check,
      `Port ${web.port} is open on ${at.join(', ')}, and the dashboard does not answer at ${dashboard.address}: ${why}.${owner}`,
      `Find out which program has the port: ss -ltnp "sport = :${web.port}". If it is not tapedeck-web, stop it or set another [web] port. Then: systemctl restart tapedeck-web`,
    ),
  ];
}
