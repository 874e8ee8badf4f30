import type { ErrorCode, TapedeckError } from '../../domain/error.js';

/**
 * What a command or service ends with. 65, 77 and 78 are those of sysexits.h, because systemd shows their names in
 * `systemctl status` ("status=78/CONFIG"). The units do not restart a service that ends with a code of `STAYS_DOWN`: only
 * a person can help. docs/reference/exit-codes.md has the same table for admins, and a test compares the two.
 */
export const EXIT = {
  ok: 0,
  /** Something failed, and another try may succeed. */
  failed: 1,
  /** The command cannot be carried out as it was typed. */
  usage: 2,
  /** The data is not what this version can work with. */
  data: 65,
  /** A file or folder belongs to somebody else. */
  rights: 77,
  /** tapedeck.toml, a secret, a certificate, the master key or a mount is missing or wrong. */
  config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What `RestartPreventExitStatus=` of the units has. */
export const STAYS_DOWN: readonly ExitCode[] = [EXIT.usage, EXIT.data, EXIT.rights, EXIT.config];

/** The codes of errors that exit with something else than 1. */
const BY_EXIT: Partial<Record<keyof typeof EXIT, readonly ErrorCode[]>> = {
  usage: [
    'policy_invalid',
    'list_unknown',
    'list_exists',
    'list_invalid',
    'certificate_unknown',
    'matter_unknown',
    'matter_exists',
    'hold_invalid',
    'hold_narrower',
    'consent_unknown',
    'consent_invalid',
    'document_invalid',
    'version_unknown',
    'emergency_unconfirmed',
    'password_weak',
    'person_invalid',
    'request_invalid',
    'import_folder',
    'import_root',
    'import_unknown',
    'import_unfinished',
    'name_unclear',
    'backup_off',
    'backup_absent',
    'backup_identity',
    'backup_key_gone',
    'upgrade_copy',
    'restore_list',
    'restore_occupied',
    'move_unproved',
    'move_unsealed',
    'move_over',
    'move_none',
    'move_withdrawn',
    'setup_answers',
    'setup_conflict',
  ],
  data: ['catalogue_newer', 'keys_newer', 'data_strange', 'restore_unfinished', 'moved_away'],
  rights: ['setup_root', 'restore_root', 'path_untrusted', 'data_foreign', 'root_kept', 'port_denied'],
  config: [
    'config_missing',
    'config_invalid',
    'secret_missing',
    'tls_invalid',
    'data_absent',
    'data_other',
    'master_key_missing',
    'master_key_wrong',
    'passphrase_missing',
    'passphrase_wrong',
  ],
};

const CODES: ReadonlyMap<ErrorCode, ExitCode> = new Map(
  (Object.keys(BY_EXIT) as (keyof typeof EXIT)[]).flatMap((name) =>
    BY_EXIT[name]!.map((code): [ErrorCode, ExitCode] => [code, EXIT[name]]),
  ),
);

const RIGHTS = new Set(['EACCES', 'EPERM']);

/** Returns the exit code for an error that nobody caught. */
export function exitCodeOf(fault: TapedeckError): ExitCode {
  const { code } = (fault.cause ?? {}) as { code?: string };
  if (fault.code === 'path_unusable' && RIGHTS.has(code ?? '')) return EXIT.rights;
  return CODES.get(fault.code) ?? EXIT.failed;
}
