import type { ErrorCode } from '../../../../daemon/domain/error.js';

/** What happened, and what to do; `others`: where people who do not administer Tapedeck have to do something else. */
export type ErrorWords = { message: string; hint: string; others?: string };

const TELL_AN_ADMIN = 'Tell a Tapedeck admin: they can fix it.';

/** Errors that the page itself comes upon. */
const own: Record<string, ErrorWords> = {
  unreachable: {
    message: 'The dashboard server is not responding.',
    hint: 'Check your network connection. If others have the same problem, tell your Tapedeck admin. Recording does not depend on the dashboard.',
  },
  unexpected: {
    message: 'The server sent a response that this page could not read.',
    hint: 'Reload the page. If the problem stays, the server may be running a different version.',
  },
  page_absent: {
    message: 'This page could not be loaded.',
    hint: 'Check your network connection, then reload the page. After an update of Tapedeck, reloading gets the new version.',
  },
  passkey_cancelled: {
    message: 'The passkey was not used.',
    hint: 'The request was cancelled or timed out, or this device has no passkey for this address.',
  },
  proof_cancelled: {
    message: 'Nothing was changed, because you did not confirm it.',
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
    message: 'The data directory still has the layout of an earlier version of Tapedeck.',
    hint: 'Start the recorder once (“systemctl start tapedeck”): it moves the files to their new places. Then try again.',
    others: TELL_AN_ADMIN,
  },
  catalogue_missing: {
    message: 'The catalogue is missing.',
    hint: 'The recorder creates it at its first start: “systemctl start tapedeck”. If it existed before, check that [data] dir in tapedeck.toml names the right folder and that its disk is mounted (“findmnt”).',
    others: TELL_AN_ADMIN,
  },
  catalogue_away: {
    message: 'The catalogue cannot be read while the recorder is stopped.',
    hint: 'Start the recorder (“systemctl start tapedeck”): the dashboard continues by itself. If it is running, check the permissions of catalogue/ in the data directory (“ls -l”) and what else has locked the catalogue (“tapedeck doctor”).',
    others: 'The page continues by itself once the recorder is running. Tell an admin if it does not.',
  },
  catalogue_older: {
    message: 'The catalogue is from an earlier version of Tapedeck.',
    hint: 'Start the recorder once with this version (“systemctl restart tapedeck”): it converts the catalogue. Then run the command again; the dashboard continues by itself.',
    others: 'The page continues by itself once the upgrade is finished. Tell an admin if it takes long.',
  },
  pbx_untrusted: {
    message: 'The certificate of the PBX is not accepted.',
    hint: 'Nothing was sent to it. Renew its certificate, write the name that the certificate has into “ari_url” or “ami_host” of tapedeck.toml, or name the authority that signed it (“ari_ca_file”, “ami_ca_file”). “tapedeck doctor” says which.',
    others: 'Tell a Tapedeck admin: they can fix it.',
  },
  catalogue_upgrading: {
    message: 'The catalogue is being converted to this version of Tapedeck.',
    hint: 'Calls are being recorded. “tapedeck upgrade status” shows the progress; try again when it is finished.',
    others: 'Calls are being recorded. The page continues by itself when the upgrade is finished.',
  },
  catalogue_newer: {
    message: 'The catalogue was written by a newer Tapedeck.',
    hint: 'Install that version again, or go back to the data from before the upgrade: “tapedeck upgrade status” says whether there is a copy. After an upgrade, restart what still runs the earlier version: “systemctl restart tapedeck tapedeck-web”.',
    others: 'The page continues by itself once the upgrade is finished. Tell an admin if it takes long.',
  },
  recorder_busy: {
    message: 'The recorder has too many requests to answer.',
    hint: 'Wait a moment and try again. Calls are being recorded meanwhile.',
  },
  daemon_unreachable: {
    message: 'The recorder is not responding.',
    hint: 'Start it with “systemctl start tapedeck” and try again.',
    others: TELL_AN_ADMIN,
  },
  daemon_differs: {
    message: 'The recorder runs another version of Tapedeck.',
    hint: 'Restart it, and the dashboard: “systemctl restart tapedeck tapedeck-web”.',
    others: TELL_AN_ADMIN,
  },
  https_needed: {
    message: 'This request needs HTTPS.',
    hint: 'Use the https:// address.',
  },
  pbx_unreachable: {
    message: 'The PBX is not responding.',
    hint: 'Check that Asterisk is running, and that http.conf and manager.conf listen on the addresses in tapedeck.toml.',
    others: TELL_AN_ADMIN,
  },
  disk_full: {
    message: 'The disk is full.',
    hint: 'Free some space or use a larger disk. Pending work then continues automatically.',
    others: 'Tell an admin: the disk of the recorder has to be freed.',
  },
  disk_failed: {
    message: 'The disk reported an error.',
    hint: 'Look at “dmesg” and at the disk’s own health (smartctl -a); pending writes are retried.',
    others: TELL_AN_ADMIN,
  },
  disk_read_only: {
    message: 'The disk is read-only.',
    hint: 'Linux does this after a disk error: see “dmesg”, repair the file system and mount it for writing again.',
    others: TELL_AN_ADMIN,
  },
  service_read_only: {
    message: 'The folder is read-only for the recorder alone: its systemd unit does not name it.',
    hint: 'Run “systemctl edit tapedeck”, add ReadWritePaths= with that folder below [Service], and restart the recorder.',
    others: TELL_AN_ADMIN,
  },
  catalogue_locked: {
    message: 'Another program has locked the catalogue, so nothing can be written to it.',
    hint: 'Find out which (“fuser -v catalogue/catalogue.db” in the data directory: a backup, or an open sqlite3) and end it. Pending writes then continue automatically.',
    others: TELL_AN_ADMIN,
  },
  catalogue_damaged: {
    message: 'The catalogue is damaged.',
    hint: 'Something has changed catalogue/catalogue.db in the data directory. Stop both services and restore it from a backup. Calls are still captured: their audio waits in the spool.',
    others: TELL_AN_ADMIN,
  },
  audit_unwritable: {
    message: 'This was not done because the audit log cannot be written.',
    hint: 'Calls are still being recorded. Run “tapedeck status” on the recorder to see the cause: usually the disk of the data directory is full (“df -h”) or read-only (“dmesg”), or another program has locked catalogue.db (“fuser -v”). Fix it and try again.',
    others:
      'Calls are still being recorded. Tell an admin that the audit log cannot be written, then try again.',
  },
  checkpoint_refused: {
    message: 'No checkpoint of the audit log was signed: the log does not continue from the last checkpoint.',
    hint: 'Run “tapedeck audit verify”, which names the entry. After a backup was restored: “tapedeck audit accept --reason ...” continues from the current log, and records that in it.',
    others: TELL_AN_ADMIN,
  },
  seal_damaged: {
    message: 'The sealed recording was altered or truncated.',
    hint: 'Restore this file from a backup; the current one cannot be trusted.',
  },
  archive_unreachable: {
    message: 'This recording is in the archive, which cannot be reached right now.',
    hint: 'Run “tapedeck archive status” on the recorder: it says what is wrong. Usually the network storage is off or not mounted (“findmnt”). The recording is not lost; try again when the archive is back.',
    others: 'Tell an admin that the archive cannot be reached. The recording is not lost; try again later.',
  },
  key_missing: {
    message: 'The key of this recording is missing.',
    hint: 'The recording was erased, or keys.db does not belong to these files.',
    others: TELL_AN_ADMIN,
  },
  database_damaged: {
    message: 'A database of Tapedeck cannot be read.',
    hint: 'Stop both services, keep a copy of the data directory as it is, and restore the database from a backup. Recordings are not affected: they are separate files.',
  },
  row_unreadable: {
    message: 'A row of the catalogue cannot be read: its content is not what Tapedeck writes.',
    hint: 'Find out what else writes to catalogue.db, and restore it from a backup. The recorder has raised an alarm that names the row.',
    others: TELL_AN_ADMIN,
  },
  policy_unreadable: {
    message: 'The policy in the catalogue cannot be read, so nothing is erased.',
    hint: 'Save the policy again on its page, or run “tapedeck policy import FILE”. Then find out what else writes to catalogue.db.',
    others: TELL_AN_ADMIN,
  },
  schema_altered: {
    message: 'The schema of the catalogue was changed, so nothing is signed.',
    hint: 'Run “tapedeck audit verify”, keep a copy of catalogue.db, and restore it from a backup. Calls are still recorded.',
    others: TELL_AN_ADMIN,
  },
  call_unknown: {
    message: 'This call does not exist, or you do not have access to it.',
    hint: 'Take the id from the address of its page or from “tapedeck calls”.',
    others: 'Open the call from the list of calls.',
  },
  call_refused: {
    message: 'Somebody on this call has refused to be recorded.',
    hint: 'They refused on their own phone, and only they can take that back there, with the key to agree.',
  },
  decline_stands: {
    message: 'This decline can no longer be taken back.',
    hint: 'What was recorded of the call is destroyed. If the caller agrees after all, allow the recording: the call is recorded from then on.',
  },
  declined_too_often: {
    message:
      'Too many calls were declined within an hour, so this one is masked: nothing more of it is recorded.',
    hint: 'What was recorded of it before is kept. If it may not be kept, have its recording erased after the call; and find out why so many are declined.',
    others:
      'What was recorded of it before is kept. Ask an admin to erase its recording if it may not be kept.',
  },
  call_over: {
    message: 'This call is over.',
    hint: 'Recording can be declined or masked during a call, and a call can be kept until a minute after its end.',
  },
  recording_absent: {
    message: 'This call has no recording that can be played.',
    hint: 'Its page says why: it was excluded, erased, or is still processing.',
  },
  recording_erasing: {
    message: 'This recording is being erased.',
    hint: 'Its erasure began before and goes on by itself. Look at the call again later.',
  },
  redaction_refused: {
    message: 'This version of the recording cannot be redacted.',
    hint: 'Only the current version can be redacted, and only once at a time. Open the call again to see the current version.',
  },
  kept_by_hold: {
    message: 'This recording is under legal hold and cannot be erased.',
    hint: 'Its page names the matters that hold it. Releasing a matter takes two people, on the page of the matter.',
  },
  kept_by_minimum: {
    message: 'This recording has to be kept for longer and cannot be erased yet.',
    hint: 'The detail says until when, and by which rule.',
  },
  matter_unknown: {
    message: 'There is no such matter.',
    hint: 'Look at the list of legal holds.',
  },
  matter_exists: {
    message: 'There is a matter with this name already.',
    hint: 'Choose another name, or add to that matter.',
  },
  matter_changed: {
    message: 'The matter has changed since then.',
    hint: 'Nothing was done. Open the matter again, and ask again if that is still what you want.',
  },
  matter_released: {
    message: 'This matter has been released.',
    hint: 'Open a new matter to hold recordings.',
  },
  hold_invalid: {
    message: 'The legal hold was not saved.',
    hint: 'Nothing was changed. Correct the problem named and try again.',
  },
  hold_narrower: {
    message: 'The new query asks for fewer calls than the old one.',
    hint: 'Nothing was changed. Ask for a release instead: a second person has to approve it.',
  },
  holds_full: {
    message: 'There are already 200 open matters, which is the limit.',
    hint: 'Nothing was changed. Release a matter that is over, or add to one that is open.',
  },
  mail_off: {
    message: 'Email is not set up.',
    hint: 'Set smtp_host and mail_from in [alerts] of tapedeck.toml, and restart the recorder and the dashboard.',
    others: 'Ask an admin to set up the mail server.',
  },
  mailing_unknown: {
    message: 'No such report is sent by email.',
    hint: 'Somebody may have removed it. Reload the page.',
  },
  mailing_invalid: {
    message: 'The schedule was not saved.',
    hint: 'Nothing was changed. Correct the problem named and try again.',
  },
  mailings_full: {
    message: 'There are already 50 report schedules, which is the limit.',
    hint: 'Nothing was changed. Remove one that nobody needs.',
  },
  mailing_stopped: {
    message: 'The report is not sent to anybody.',
    hint: 'Somebody who may have this report has to save the schedule, with recipients who may have it.',
  },
  mailing_unsent: {
    message: 'The report could not be sent by email.',
    hint: 'Correct [alerts] in tapedeck.toml, an address of the schedule, or the cause in the detail, and send it again.',
    others: 'Correct an address of the schedule, or tell an admin what the detail says, and send it again.',
  },
  privacy_unknown: {
    message: 'There is no such request.',
    hint: 'Look at the list of requests.',
  },
  privacy_closed: {
    message: 'This request cannot be changed any more.',
    hint: 'It was closed, or its deadline was extended before. Enter a new request if the person asks again.',
  },
  privacy_invalid: {
    message: 'The request was not saved.',
    hint: 'Nothing was changed. Correct the problem named and try again.',
  },
  privacy_late: {
    message: 'The deadline of this request cannot be extended any more.',
    hint: 'The person has to be told of an extension before the first deadline. Answer the request as soon as you can.',
  },
  privacy_refused: {
    message: 'The sound of this call cannot be given to the person who asks.',
    hint: 'The detail says why.',
  },
  privacy_full: {
    message: 'There are already 1,000 open requests, which is the limit.',
    hint: 'Nothing was changed. Close requests that have been answered.',
  },
  evidence_refused: {
    message: 'An evidence pack of this call cannot be created.',
    hint: 'The detail says why, and when it will be possible.',
  },
  reason_needed: {
    message: 'A reason is needed to listen to this call.',
    hint: 'Play it on its page, which asks for the reason. With the API, send the reason to /calls/ID/listen first.',
  },
  mask_failed: {
    message: 'This recording cannot be played in part.',
    hint: 'People with access to the whole call can play it. The log names the problem with the file.',
  },
  policy_invalid: {
    message: 'The policy is not valid.',
    hint: 'Nothing was changed. Correct the problems named and save again.',
  },
  list_unknown: {
    message: 'There is no list of numbers with this name.',
    hint: 'Check the spelling against the names of the existing lists.',
  },
  list_exists: {
    message: 'There is a list of numbers with this name already.',
    hint: 'Choose another name, or add to that list.',
  },
  list_used: {
    message: 'A rule of the policy uses this list.',
    hint: 'Nothing was removed. Take the list out of the rules first.',
  },
  list_full: {
    message: 'That exceeds the limit of the number lists.',
    hint: 'Nothing was changed. There can be 100 lists, each of up to 100,000 numbers. Remove what is not needed any more.',
  },
  list_invalid: {
    message: 'The numbers were not imported.',
    hint: 'Nothing was changed. Correct the lines that are named and import the file again.',
  },
  certificate_unknown: {
    message: 'There is no such certificate of erasure.',
    hint: 'Open the list of certificates to find the right one.',
  },
  consent_unknown: {
    message: 'There is no such consent or objection.',
    hint: 'Look at the list of consents and objections.',
  },
  consent_invalid: {
    message: 'The consent or objection was not saved.',
    hint: 'Nothing was changed. Correct the problem named and try again.',
  },
  consent_full: {
    message: 'That exceeds the limit of consents and objections.',
    hint: 'Nothing was changed. The limit is 100,000. For more, use a number list with a rule.',
  },
  reason_names: {
    message: 'Enter a reason that names nobody who was on the call.',
    hint: 'Nothing was done. The audit log keeps the reason forever, even after names and numbers are removed from the call. Write what led to it, such as a case number or the day of a request, and leave out the number and the name.',
  },
  consent_reason: {
    message: 'Enter why the personal data is erased, without naming anybody.',
    hint: 'Nothing was erased. The reason is kept forever. Write what led to it, such as the day of the request, and leave out the number and the name.',
  },
  document_invalid: {
    message: 'This file cannot be kept as a signed document.',
    hint: 'Upload a PDF, PNG or JPEG file of at most 5 MB.',
  },
  document_unknown: {
    message: 'There is no document with this consent or objection.',
    hint: 'It may have been erased. Reload the page to see when, and by whom.',
  },
  approval_unknown: {
    message: 'This approval does not exist, or you do not have access to it.',
    hint: 'Look at the list of approvals.',
  },
  approval_missing: {
    message: 'This needs the approval of a second person.',
    hint: 'Ask for approval and try again when a second person has approved. An approval is valid only for exactly what was shown, and only until it expires.',
  },
  approval_over: {
    message: 'This approval is no longer waiting.',
    hint: 'It was approved, withdrawn or used, or it has expired. Reload the page to see which.',
  },
  approval_changed: {
    message: 'The request has changed since this page was loaded.',
    hint: 'Nothing was approved. Reload the page and read it again.',
  },
  approval_own: {
    message: 'You asked for this yourself.',
    hint: 'Another person has to approve it.',
  },
  approval_tied: {
    message: 'You are not independent of the person who asked.',
    hint: 'In the last 7 days, one of you added the other’s account, created a password link for it or gave it more permissions. Let another person approve, or wait.',
  },
  approval_factor: {
    message: 'Approving needs a second factor that you have had for at least 7 days.',
    hint: 'Use an authenticator app or a passkey that is older, or let another admin approve. Passwords and recovery codes never count. If you have no app or passkey, add one on your account page: it counts after 7 days.',
  },
  version_unknown: {
    message: 'There is no such version of the policy.',
    hint: 'Look at the list of versions.',
  },
  speech_missing: {
    message: 'espeak-ng, which speaks announcements, is not installed.',
    hint: 'Install it where Tapedeck runs (apt install espeak-ng), or upload a recording of the announcement.',
    others: TELL_AN_ADMIN,
  },
  prompt_invalid: {
    message: 'This file cannot be used as a prompt.',
    hint: 'Upload between half a second and 30 seconds of audible speech as WAV, MP3, Ogg or FLAC, at most 6 MB.',
  },
  prompt_unknown: {
    message: 'There is no such prompt.',
    hint: 'Reload the page: somebody may have changed the prompts.',
  },
  policy_conflict: {
    message: 'Somebody else changed the policy in the meantime.',
    hint: 'Load the current version, make your change again and save.',
  },
  still_counting: {
    message: 'The report cannot be shown yet: the calls of these days are still being counted.',
    hint: 'The recorder does that once after an upgrade or an import, newest calls first, in about a minute for each 100,000. Choose fewer days, or try again later. Files of the report can be made at any time.',
  },
  preview_changed: {
    message: 'The effect of this policy on existing recordings differs from the preview.',
    hint: 'Recordings have been erased, or the policy or a number list was changed meanwhile. No existing recording was changed. Look at the preview again, and apply it then.',
  },
  emergency_unconfirmed: {
    message: 'This policy would have no emergency numbers: calls to them would be recorded.',
    hint: 'Nothing was changed. If that is what you want, confirm it: in the dialog of the dashboard, with “confirm_no_emergency_numbers” in the API, or with “tapedeck policy import --allow-no-emergency-numbers”.',
    others: TELL_AN_ADMIN,
  },
  retention_refused: {
    message: 'The safety limit stopped this run. Nothing was erased.',
    hint: 'Check “tapedeck retention plan”. If it is correct, run it again with the confirmation that it prints.',
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
  job_unknown: {
    message: 'No such job is waiting or running.',
    hint: 'It may be over: look at “tapedeck jobs”.',
    others: 'It may be over. Reload the page to see how it ended.',
  },
  person_unknown: {
    message: 'This person does not exist.',
    hint: 'They may have been removed. See the list of people.',
  },
  person_invalid: {
    message: 'These permissions conflict.',
    hint: 'The detail says which permission is missing or not possible.',
  },
  person_conflict: {
    message: 'Somebody else changed this person in the meantime.',
    hint: 'Load the current version, make your change again and save.',
  },
  last_admin: {
    message: 'This is the last admin who can sign in.',
    hint: 'Make somebody else an admin first; without an admin, nobody could add people.',
  },
  invitation_unknown: {
    message: 'This link is incomplete, was already used, or has expired.',
    hint: 'Ask a Tapedeck admin for a new one.',
  },
  old_password_wrong: {
    message: 'The old password is wrong.',
    hint: 'Enter the password that you sign in with now.',
  },
  token_refused: {
    message: 'This token is unknown, expired or revoked.',
    hint: 'Create a new one on your account page.',
  },
  password_weak: {
    message: 'The password is too easy to guess.',
    hint: 'Use 12 characters or more; 15 is better. A few unrelated words are good.',
  },
  sign_in_failed: {
    message: 'Name and password do not match.',
    hint: 'Check both and try again. If you forgot your password, ask a Tapedeck admin for a password link.',
  },
  second_factor_needed: {
    message: 'Your second factor is still missing.',
    hint: 'Enter the code of your authenticator app, or use your passkey.',
  },
  second_factor_slow: {
    message: 'Too many wrong codes.',
    hint: 'Wait for the time shown, or use a recovery code or a passkey: those work immediately.',
  },
  factor_wrong: {
    message: 'This code is wrong or was already used.',
    hint: 'Wait for the next code in your app and enter that one. Check that the clock of your phone is right.',
  },
  factor_unreadable: {
    message: 'The stored secret of your authenticator app cannot be read.',
    hint: 'The master key has changed. Use a recovery code, or reset the factors with “tapedeck user factors NAME --reset”.',
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
  local_account_needed: {
    message: 'This needs a local Tapedeck account.',
    hint: 'You sign in with a directory or a provider, which is not enough to change rules, rights or recordings. Use a local account; an admin can add one for you.',
  },
  own_factor_needed: {
    message: 'This needs a second factor of your own.',
    hint: 'You sign in with a directory or a provider, which is not enough for this. Add an authenticator app or a passkey on your account page.',
  },
  proof_needed: {
    message: 'Confirm that it is you first.',
    hint: 'Enter your password or a code, or use a passkey. A code or a passkey is valid for this one change; a password for ten minutes, for this kind of change.',
  },
  directory_down: {
    message: 'The directory is not responding, so only local Tapedeck accounts can sign in.',
    hint: 'Try again later. “tapedeck doctor” shows the cause.',
    others: TELL_AN_ADMIN,
  },
  directory_refused: {
    message: 'The directory refused the request.',
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
    hint: 'Ask an admin to add you to a group with a role.',
  },
  name_taken: {
    message: 'Your name belongs to another Tapedeck account.',
    hint: 'Ask an admin to rename or remove the other account.',
  },
  not_signed_in: {
    message: 'You are not signed in.',
    hint: 'Sign in and try again.',
  },
  person_changed: {
    message: 'Somebody else has signed in on this browser since you opened this page.',
    hint: 'Reload the page to continue as the person who is signed in now.',
  },
  forbidden: {
    message: 'You don’t have permission to do this.',
    hint: 'If you need it for your work, ask a Tapedeck admin for the permission.',
  },
  setup_code_wrong: {
    message: 'The set-up code is wrong or was already used.',
    hint: 'Run “tapedeck user setup-code” on the machine of Tapedeck for a new one.',
    others: TELL_AN_ADMIN,
  },
  forbidden_origin: {
    message: 'This request came from another site.',
    hint: 'Open the dashboard by its own address and try again.',
  },
  request_invalid: {
    message: 'The request is not valid.',
    hint: 'The detail names the problem.',
  },
  range_unsatisfiable: {
    message: 'The recording is shorter than the range asked for.',
    hint: 'Send the request without a Range header.',
  },
  not_found: {
    message: 'There is nothing at this address.',
    hint: 'Go back to the list of calls.',
  },
  too_many: {
    message: 'Too many attempts.',
    hint: 'Wait a minute and try again.',
  },
  machine_busy: {
    message: 'This machine is too busy to answer at the moment.',
    hint: 'Try again in a few seconds. If that does not help, find out what else is running on it (“top”), or give it more processors or memory.',
    others: 'Try again in a few seconds. Tell an admin if that does not help.',
  },
  alert_undelivered: {
    message: 'A message about an alarm could not be delivered.',
    hint: 'Correct [alerts] in tapedeck.toml or the cause in the detail, then run “tapedeck alert test”.',
    others: TELL_AN_ADMIN,
  },
  metrics_refused: {
    message: 'This address has no access to metrics.',
    hint: 'Add it to [metrics] allow in tapedeck.toml, or send the token as “Authorization: Bearer ...”.',
    others: TELL_AN_ADMIN,
  },
  internal: {
    message: 'An internal error occurred in Tapedeck.',
    hint: 'The log has the details under this request id. Calls are still being recorded.',
    others: 'Try again. If it happens again, tell an admin this request id. Calls are still being recorded.',
  },
};

export const errorText = { own, server: server as Record<string, ErrorWords | undefined> };
