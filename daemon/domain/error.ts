/** Whose fault an error is: the person who set things up, the other side of a connection, or Tapedeck. */
export type Blame = 'operator' | 'peer' | 'us';

type Entry = { message: string; hint: string; blame: Blame; status?: number };

const catalogue = {
  config_missing: {
    message: 'The configuration file cannot be read.',
    hint: 'Copy tapedeck.toml.example to /etc/tapedeck/tapedeck.toml, or name yours with --config.',
    blame: 'operator',
  },
  config_invalid: {
    message: 'The configuration has faults.',
    hint: 'Correct the lines named above and start again.',
    blame: 'operator',
  },
  secret_missing: {
    message: 'A secret cannot be read.',
    hint: 'Put it in the file that tapedeck.toml names, readable by the tapedeck user only.',
    blame: 'operator',
  },
  already_running: {
    message: 'Another Tapedeck daemon is using this data directory.',
    hint: 'Stop it first, or give this one a data directory of its own.',
    blame: 'operator',
  },
  daemon_unreachable: {
    message: 'The recorder daemon does not answer.',
    hint: 'Start it with "tapedeck run" (systemctl start tapedeck) and try again.',
    blame: 'operator',
    status: 503,
  },
  pbx_unreachable: {
    message: 'The PBX does not answer.',
    hint: 'Check that Asterisk runs and that http.conf and manager.conf listen where tapedeck.toml says.',
    blame: 'peer',
    status: 503,
  },
  pbx_refused: {
    message: 'The PBX refused the user name or the password.',
    hint: 'Compare ari.conf and manager.conf with the users and secrets that tapedeck.toml names.',
    blame: 'operator',
  },
  pbx_failed: {
    message: 'The PBX refused a request.',
    hint: 'The detail says what Asterisk answered; its own log says more.',
    blame: 'peer',
  },
  pbx_timeout: {
    message: 'The PBX accepted a request and did not act on it in time.',
    hint: 'Look for load or a deadlock: "asterisk -rx \'core show locks\'".',
    blame: 'peer',
  },
  capture_no_bytes: {
    message: 'The PBX said that it records, and no audio arrived.',
    hint: 'Check free space and the owner of the spool directory recording/ on the PBX.',
    blame: 'peer',
  },
  spool_unreadable: {
    message: 'A captured file cannot be used as audio.',
    hint: 'It is kept where it is; look at it with "tapedeck doctor" and "ffprobe".',
    blame: 'peer',
  },
  ffmpeg_missing: {
    message: 'ffmpeg cannot be started.',
    hint: 'Install it (apt install ffmpeg), or set [encode] ffmpeg in tapedeck.toml.',
    blame: 'operator',
  },
  encode_failed: {
    message: 'ffmpeg could not make the recording.',
    hint: 'The captured audio is kept and tried again; the detail has the last lines that ffmpeg wrote.',
    blame: 'us',
  },
  encode_short: {
    message: 'The finished recording is not as long as what was captured.',
    hint: 'The captured audio is kept and tried again.',
    blame: 'us',
  },
  seal_damaged: {
    message: 'The sealed recording was altered or cut.',
    hint: 'Restore this file from a backup; what is left of it cannot be trusted.',
    blame: 'peer',
    status: 500,
  },
  key_missing: {
    message: 'There is no key for this recording.',
    hint: 'It was erased, or keys.db is not the one that belongs to these files.',
    blame: 'operator',
    status: 410,
  },
  master_key_missing: {
    message: 'The master key cannot be read.',
    hint: 'Restore the file that [keys] master_key_file names from your backup; without it no recording can be heard.',
    blame: 'operator',
  },
  master_key_wrong: {
    message: 'The master key does not belong to this keys.db.',
    hint: 'Restore the master key that was in use when these recordings were made.',
    blame: 'operator',
  },
  catalogue_newer: {
    message: 'The catalogue was written by a newer Tapedeck.',
    hint: 'Install that version again; going back is not possible without a backup.',
    blame: 'operator',
  },
  call_unknown: {
    message: 'There is no such call.',
    hint: 'Take the id from the address of its page or from "tapedeck calls".',
    blame: 'operator',
    status: 404,
  },
  recording_absent: {
    message: 'This call has no recording that can be played.',
    hint: 'Its page says why: it was excluded, erased, or is still being made.',
    blame: 'operator',
    status: 404,
  },
  policy_invalid: {
    message: 'The policy has faults.',
    hint: 'Nothing was changed. Correct the places named and save again.',
    blame: 'operator',
    status: 400,
  },
  policy_conflict: {
    message: 'Somebody else changed the policy in the meantime.',
    hint: 'Load the newest version, make your change again and save.',
    blame: 'operator',
    status: 409,
  },
  retention_refused: {
    message: 'This run would erase an unusual share of the recordings.',
    hint: 'Look at "tapedeck retention plan"; if it is what you want, run it again with the confirmation it prints.',
    blame: 'operator',
    status: 409,
  },
  user_exists: {
    message: 'There is a user of that name.',
    hint: 'Choose another name.',
    blame: 'operator',
    status: 409,
  },
  password_weak: {
    message: 'The password is too easy to guess.',
    hint: 'Use 12 characters or more; a few unrelated words are good.',
    blame: 'operator',
    status: 400,
  },
  sign_in_failed: {
    message: 'Name and password do not match.',
    hint: 'Try again; an admin can add users with "tapedeck user add".',
    blame: 'operator',
    status: 401,
  },
  not_signed_in: {
    message: 'You are not signed in.',
    hint: 'Sign in and try again.',
    blame: 'operator',
    status: 401,
  },
  setup_code_wrong: {
    message: 'The set-up code is not right, or was used before.',
    hint: 'The dashboard prints the code on its console at start; restart it for a new one.',
    blame: 'operator',
    status: 403,
  },
  forbidden_origin: {
    message: 'This request came from another site.',
    hint: 'Open the dashboard by its own address and try again.',
    blame: 'peer',
    status: 403,
  },
  request_invalid: {
    message: 'The request is not understood.',
    hint: 'The detail names the field.',
    blame: 'peer',
    status: 400,
  },
  range_unsatisfiable: {
    message: 'The recording is shorter than the range asked for.',
    hint: 'Ask again without a Range header.',
    blame: 'peer',
    status: 416,
  },
  not_found: {
    message: 'There is nothing at this address.',
    hint: 'Go back to the list of calls.',
    blame: 'operator',
    status: 404,
  },
  too_many: {
    message: 'Too many tries.',
    hint: 'Wait a minute and try again.',
    blame: 'peer',
    status: 429,
  },
  internal: {
    message: 'Tapedeck hit a fault of its own.',
    hint: 'The log has the details under the id shown; recording goes on.',
    blame: 'us',
    status: 500,
  },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof catalogue;

/** Every error that Tapedeck raises on purpose: what happened, what to do, and whose fault it is. */
export const errors: Readonly<Record<ErrorCode, Entry>> = catalogue;

export class TapedeckError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly blame: Blame;
  /** What was special about this time, in one line; never a secret. */
  readonly detail: string;
  /** HTTP status for the dashboard. */
  readonly status: number;

  constructor(code: ErrorCode, detail = '', cause?: unknown) {
    const entry = errors[code];
    super(detail ? `${entry.message} ${detail}` : entry.message, cause === undefined ? undefined : { cause });
    this.name = 'TapedeckError';
    this.code = code;
    this.hint = entry.hint;
    this.blame = entry.blame;
    this.detail = detail;
    this.status = entry.status ?? 500;
  }
}

/** Makes (does not throw) the error with this code. */
export function fail(code: ErrorCode, detail = '', cause?: unknown): TapedeckError {
  return new TapedeckError(code, detail, cause);
}
