import type { ErrorCode } from '../../../../daemon/domain/error.js';

/** What happened, and what to do; `others`: where people who do not administer Tapedeck have to do something else. */
export type ErrorWords = { message: string; hint: string; others?: string };

const TELL_AN_ADMIN = 'Tell an admin of Tapedeck about this; they can put it right.';

/** Errors that the page itself comes upon. */
const own: Record<string, ErrorWords> = {
  unreachable: {
    message: 'The dashboard server does not answer.',
    hint: 'Check your network connection. If others have the same problem, tell your Tapedeck admin. Calls are still being recorded.',
  },
  unexpected: {
    message: 'The server sent a response that this page could not read.',
    hint: 'Reload the page. If the problem stays, the server may be running a different version.',
  },
  page_absent: {
    message: 'This page could not be loaded.',
    hint: 'If the dashboard does not answer, try again in a moment. If Tapedeck has just been updated, reload the page.',
  },
  passkey_cancelled: {
    message: 'The passkey was not used.',
    hint: 'The request was cancelled or timed out, or this device has no passkey for this address.',
  },
  proof_cancelled: {
    message: 'You signed in more than ten minutes ago. Enter your credentials again to continue.',
    hint: '',
  },
  cannot_play: {
    message: 'The browser could not play this recording.',
    hint: 'Try again, or use a current Chrome, Edge or Firefox, or Safari 18.4 or newer.',
  },
};

/** Errors of the server, by their codes, in the words that it has for them itself (daemon/domain/error.ts). */
const server: Partial<Record<ErrorCode, ErrorWords>> = {
  data_unmoved: {
    message: 'The data directory is as an earlier version of Tapedeck left it.',
    hint: 'Start the recorder once (“systemctl start tapedeck”): it moves the files to their new places. Then try again.',
    others: TELL_AN_ADMIN,
  },
  catalogue_missing: {
    message: 'There is no catalogue.',
    hint: 'The recorder creates it at its first start: “systemctl start tapedeck”. If it was there before, look whether [data] dir in tapedeck.toml names the right folder and whether its disk is mounted (“findmnt”).',
    others: TELL_AN_ADMIN,
  },
  daemon_unreachable: {
    message: 'The recorder daemon does not answer.',
    hint: 'Start it with “tapedeck run” (systemctl start tapedeck) and try again.',
    others: TELL_AN_ADMIN,
  },
  https_needed: {
    message: 'This is answered over HTTPS only.',
    hint: 'Ask again at the https:// address.',
  },
  pbx_unreachable: {
    message: 'The PBX does not answer.',
    hint: 'Check that Asterisk runs and that http.conf and manager.conf listen where tapedeck.toml says.',
    others: TELL_AN_ADMIN,
  },
  disk_full: {
    message: 'There is no room on the disk.',
    hint: 'Free some space or give it a larger disk; what waits is done by itself then.',
  },
  disk_failed: {
    message: 'The disk gave an error.',
    hint: 'Look at “dmesg” and at the disk’s own health (smartctl -a); what waits is tried again.',
    others: TELL_AN_ADMIN,
  },
  disk_read_only: {
    message: 'The disk can only be read.',
    hint: 'A system does that after an error: look at “dmesg”, repair it and mount it for writing again.',
    others: TELL_AN_ADMIN,
  },
  catalogue_locked: {
    message: 'Another program holds the catalogue, so that nothing can be written to it.',
    hint: 'Find out which (“fuser -v catalogue/catalogue.db” in the data directory: a backup, or an open sqlite3) and end it; what waits is written by itself then.',
    others: TELL_AN_ADMIN,
  },
  catalogue_damaged: {
    message: 'The catalogue is damaged.',
    hint: 'Somebody or something has changed catalogue/catalogue.db in the data directory. Stop both services and put it back from a backup. Calls are recorded meanwhile: their audio waits in the spool.',
    others: TELL_AN_ADMIN,
  },
  audit_unwritable: {
    message: 'This was not done, because it cannot be written to the audit log.',
    hint: 'Calls go on being recorded. On the recorder: “tapedeck status” says what is wrong; most often the disk of the data directory is full (“df -h”), can only be read (“dmesg”), or another program holds catalogue.db (“fuser -v”). Mend that and try again.',
    others:
      'Calls are still being recorded. Tell an admin that the audit log cannot be written, then try again.',
  },
  checkpoint_refused: {
    message: 'No checkpoint of the audit log was signed: the log does not go on from the last one.',
    hint: 'Run “tapedeck audit verify”, which names the entry. After a backup was restored: “tapedeck audit accept --reason ...” goes on from what is there now, and says so in the log.',
    others: TELL_AN_ADMIN,
  },
  seal_damaged: {
    message: 'The sealed recording was altered or cut.',
    hint: 'Restore this file from a backup; what is left of it cannot be trusted.',
  },
  key_missing: {
    message: 'There is no key for this recording.',
    hint: 'It was erased, or keys.db is not the one that belongs to these files.',
    others: TELL_AN_ADMIN,
  },
  database_damaged: {
    message: 'A database of Tapedeck cannot be read.',
    hint: 'Stop both services, keep a copy of the data directory as it is, and restore the database from a backup. Recordings are not affected: they are files of their own.',
  },
  row_unreadable: {
    message: 'A row of the catalogue cannot be read: its content is not what Tapedeck writes.',
    hint: 'Find out what else writes to catalogue.db, and restore it from a backup. The recorder has raised an alarm that names the row.',
    others: TELL_AN_ADMIN,
  },
  policy_unreadable: {
    message: 'The policy in the catalogue cannot be read, so nothing is erased.',
    hint: 'Put a valid one into force: save the policy again on its page, or run “tapedeck policy import FILE”. Then find out what else writes to catalogue.db.',
    others: TELL_AN_ADMIN,
  },
  schema_altered: {
    message: 'The schema of the catalogue was changed, so nothing is signed.',
    hint: 'Run “tapedeck audit verify”, keep a copy of catalogue.db, and restore it from a backup. Calls are still recorded.',
    others: TELL_AN_ADMIN,
  },
  call_unknown: {
    message: 'There is no such call.',
    hint: 'Take the id from the address of its page or from “tapedeck calls”.',
    others: 'Open it from the list of calls.',
  },
  recording_absent: {
    message: 'This call has no recording that can be played.',
    hint: 'Its page says why: it was excluded, erased, or is still processing.',
  },
  evidence_refused: {
    message: 'No evidence pack can be made of this call.',
    hint: 'Nothing was given out. The detail says why, and when it can be had.',
  },
  reason_needed: {
    message: 'You have not said why you hear this call.',
    hint: 'Play it on its page, which asks for the reason; by the API, send it to /calls/ID/listen first.',
  },
  mask_failed: {
    message: 'This recording cannot be played in part.',
    hint: 'Somebody who may hear all of the call can play it; the log says what is wrong with the file.',
  },
  policy_invalid: {
    message: 'The policy has faults.',
    hint: 'Nothing was changed. Correct the places named and save again.',
  },
  policy_conflict: {
    message: 'Somebody else changed the policy in the meantime.',
    hint: 'Load the newest version, make your change again and save.',
  },
  emergency_unconfirmed: {
    message: 'This policy would have no emergency numbers: calls to them would be recorded.',
    hint: 'Nothing was changed. If that is what you want, confirm it: in the dialog of the dashboard, with “confirm_no_emergency_numbers” in the API, or with “tapedeck policy import --allow-no-emergency-numbers”.',
    others: TELL_AN_ADMIN,
  },
  retention_refused: {
    message: 'This run would erase an unusual share of the recordings.',
    hint: 'Look at “tapedeck retention plan”; if it is what you want, run it again with the confirmation it prints.',
    others: TELL_AN_ADMIN,
  },
  name_unclear: {
    message: 'This name could be mistaken for another one.',
    hint: 'Write the name in one alphabet, without invisible characters.',
  },
  user_exists: {
    message: 'That name is already taken.',
    hint: 'Choose another name.',
  },
  person_unknown: {
    message: 'There is no such person.',
    hint: 'They may have been removed. The list of people shows who there is.',
  },
  person_invalid: {
    message: 'These permissions conflict.',
    hint: 'The detail says what is missing or too much.',
  },
  person_conflict: {
    message: 'Somebody else changed this person in the meantime.',
    hint: 'Look at what is there now, make your change again and save.',
  },
  last_admin: {
    message: 'This is the last admin who can sign in.',
    hint: 'Make somebody else an admin first; without one nobody could let people in.',
  },
  invitation_unknown: {
    message: 'This link is not right, was used before, or is too old.',
    hint: 'Ask an admin of Tapedeck for a new one.',
  },
  old_password_wrong: {
    message: 'The old password is not right.',
    hint: 'Type the password that you sign in with now.',
  },
  token_refused: {
    message: 'This token is not known, has expired or was revoked.',
    hint: 'Make a new one on your account page.',
  },
  password_weak: {
    message: 'The password is too easy to guess.',
    hint: 'Use 15 characters or more; a few unrelated words are good.',
  },
  sign_in_failed: {
    message: 'Name and password do not match.',
    hint: 'Try again; an admin can add users with “tapedeck user add”.',
    others: TELL_AN_ADMIN,
  },
  second_factor_needed: {
    message: 'Your second factor is still to be given.',
    hint: 'Enter the code of your authenticator app, or use your passkey.',
  },
  second_factor_slow: {
    message: 'Too many wrong codes.',
    hint: 'Wait as long as it says, or use a recovery code or a passkey: those are taken at once.',
  },
  factor_wrong: {
    message: 'This code is not right, or was used before.',
    hint: 'Wait for the next code of your app and enter that; see that the clock of your telephone is right.',
  },
  factor_unreadable: {
    message: 'What is kept of your authenticator app cannot be read.',
    hint: 'The master key is another than before. Use a recovery code, or have your factors reset with “tapedeck user factors NAME --reset”.',
    others: 'Use a recovery code, or ask an admin to reset your second factors.',
  },
  passkey_refused: {
    message: 'This passkey was not accepted.',
    hint: 'Try again, or use another way to sign in.',
  },
  last_factor: {
    message: 'Your role requires a second factor, and this is the last.',
    hint: 'Add another one first.',
  },
  proof_needed: {
    message: 'Show first that it is still you.',
    hint: 'Enter your password or a code again; it is good for ten minutes.',
  },
  directory_down: {
    message: 'The directory does not answer, so only accounts of Tapedeck itself can sign in.',
    hint: 'Try again later; whoever runs Tapedeck finds out more with “tapedeck doctor”.',
    others: TELL_AN_ADMIN,
  },
  directory_refused: {
    message: 'The directory refuses what Tapedeck asks.',
    hint: 'Compare [ldap] in tapedeck.toml with the directory.',
    others: TELL_AN_ADMIN,
  },
  provider_down: {
    message: 'The identity provider is not responding.',
    hint: 'Try again later. Local Tapedeck accounts can still sign in.',
  },
  provider_refused: {
    message: 'Signing in with the identity provider failed.',
    hint: 'Try again. If it keeps failing, ask your Tapedeck admin to look in the log of the dashboard.',
  },
  no_role: {
    message: 'Your account has no role in Tapedeck.',
    hint: 'Ask an admin to add you to a group that has one.',
  },
  name_taken: {
    message: 'Your name belongs to another account of Tapedeck.',
    hint: 'Ask an admin to rename or remove the other account.',
  },
  not_signed_in: {
    message: 'You are not signed in.',
    hint: 'Sign in and try again.',
  },
  person_changed: {
    message: 'Somebody else has signed in at this browser since this page was opened.',
    hint: 'Reload the page. It then shows what the person who is signed in now may see.',
  },
  forbidden: {
    message: 'You have no right to do this.',
    hint: 'Ask an admin of Tapedeck for the right, if you need it for your work.',
  },
  setup_code_wrong: {
    message: 'The set-up code is not right, or was used before.',
    hint: 'The dashboard prints the code on its console at start; restart it for a new one.',
  },
  forbidden_origin: {
    message: 'This request came from another site.',
    hint: 'Open the dashboard by its own address and try again.',
  },
  request_invalid: {
    message: 'The request is not understood.',
    hint: 'The detail names the field.',
  },
  range_unsatisfiable: {
    message: 'The recording is shorter than the range asked for.',
    hint: 'Ask again without a Range header.',
  },
  not_found: {
    message: 'There is nothing at this address.',
    hint: 'Go back to the list of calls.',
  },
  too_many: {
    message: 'Too many tries.',
    hint: 'Wait a minute and try again.',
  },
  alert_undelivered: {
    message: 'A message about an alarm could not be delivered.',
    hint: 'Correct [alerts] in tapedeck.toml or what stands in the way, then run “tapedeck alert test”.',
    others: TELL_AN_ADMIN,
  },
  metrics_refused: {
    message: 'Metrics are not given to this address.',
    hint: 'Add it to [metrics] allow in tapedeck.toml, or send the token as “Authorization: Bearer ...”.',
    others: TELL_AN_ADMIN,
  },
  internal: {
    message: 'Tapedeck hit a fault of its own.',
    hint: 'The log has the details under the id shown; recording goes on.',
    others: 'Try again. If it happens again, tell an admin the id shown. Calls are still being recorded.',
  },
};

export const errorText = { own, server: server as Record<string, ErrorWords | undefined> };
