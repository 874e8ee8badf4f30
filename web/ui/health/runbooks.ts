/** Which runbook of the documentation belongs to which alarm, by the code of the alarm. */
export const RUNBOOKS: Readonly<Record<string, string>> = {
  disk_full: 'disk-full',
  disk_reserve: 'disk-full',
  disk_low: 'disk-full',
  pbx_down: 'pbx-moved',
  pbx_ari_down: 'pbx-moved',
  pbx_ami_down: 'pbx-moved',
  capture_silent: 'pbx-upgraded',
  test_call_failed: 'pbx-upgraded',
  test_call_not_set_up: 'pbx-upgraded',
  spool_rights: 'pbx-upgraded',
  spool_denied: 'pbx-upgraded',
  cdr_silent: 'pbx-upgraded',
  catalogue_empty: 'restore',
  mailing_stopped: 'somebody-leaves',
};

/** Returns the address of the runbook for an alarm with this code, or undefined if there is none. */
export function runbookOf(code: string): string | undefined {
  const page = RUNBOOKS[code];
  return page === undefined ? undefined : `/help/runbooks/${page}.html`;
}
