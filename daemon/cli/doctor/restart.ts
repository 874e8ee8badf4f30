import { type Finding, ok, warn } from './finding.js';
import { askSystemd } from './units.js';

const CHECK = 'dashboard restart';
const UNIT = 'tapedeck-web-restart.path';
const RISK =
  'Anyone who takes over the dashboard can keep the recorder from writing to the catalogue until you stop the dashboard.';

/** Whether systemd restarts the dashboard when the recorder asks for it, which ends its locks on the catalogue. */
export async function restart(
  show: (unit: string) => Promise<string> = (unit) => askSystemd(unit, 'ActiveState'),
): Promise<Finding> {
  const said = await show(UNIT).catch(() => null);
  if (said === null)
    return warn(
      CHECK,
      `systemd does not run here, or does not answer, so nobody restarts the dashboard for the recorder. ${RISK}`,
      `Run Tapedeck under systemd, with ${UNIT} (docs/operate/services.md).`,
    );
  if (/^ActiveState=active$/m.test(said))
    return ok(CHECK, 'systemd restarts the dashboard when the recorder asks for it.');
  if (/^LoadState=loaded$/m.test(said))
    return warn(
      CHECK,
      `${UNIT} is not active. ${RISK}`,
      `As root: systemctl reset-failed ${UNIT}; systemctl enable --now ${UNIT}`,
    );
  return warn(
    CHECK,
    `${UNIT} is not installed. ${RISK}`,
    `As root, install tapedeck-web-restart.path and .service (docs/operate/upgrade.md, "From a version that did not restart the dashboard"), then: systemctl enable --now ${UNIT}`,
  );
}
