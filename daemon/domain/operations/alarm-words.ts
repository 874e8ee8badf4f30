import { approvalActWords } from '../approval/words.js';
import { faultWords } from '../assurance/audit.js';
import { testFaults } from '../call/test-fault.js';
import { certificateDoubts, certificateName } from '../certificate/certificate.js';
import { iso } from '../days.js';
import { errors } from '../error.js';
import type { FactorChange } from '../people/factor.js';
import { because } from '../reason/reason.js';
import { errorHint, errorInWords, inWords, type Say } from '../reason/words.js';
import { refusalInWords } from '../recording/captures.js';
import { roughText, sizeText } from '../written.js';
import type { AlarmParams, AlarmWhy } from './alarm-codes.js';
import { backupAlarms } from './alarm-words-backups.js';
import { publicMessage } from './health.js';
import { roomInWords } from './room.js';

/** What happened and what it means, and what to do. */
export type AlarmWords = { message: string; hint: string };

/** Neither is longer, in characters. */
const LIMIT = 400;
const ELSEWHERE = 'Find out what else writes to catalogue.db, and restore it from a backup.';

/** What to do about a folder that cannot be written, by the code of why. */
const FAULT_HINTS: Record<string, string> = {
  EROFS_UNIT:
    'Run "systemctl edit tapedeck", add ReadWritePaths= with that folder below [Service], and restart the recorder.',
  EROFS:
    'Linux does this after a disk error: see "dmesg", repair the file system and mount it for writing again.',
  EIO: 'Look at "dmesg" and at the health of the disk ("smartctl -a").',
  EACCES: "Give the folder to the recorder's user.",
};

/** What was done to the second factors of somebody, as a sentence without its end. */
const FACTOR_CHANGES: Record<FactorChange, (name: string, factor: string) => string> = {
  app_added: (name) => `An authenticator app was added to the account of ${name}`,
  app_replaced: (name) => `The authenticator app of ${name} was replaced by another one`,
  app_removed: (name) => `The authenticator app of ${name} was removed`,
  passkey_added: (name, factor) => `The passkey "${factor}" was added to the account of ${name}`,
  passkey_removed: (name, factor) => `The passkey "${factor}" of ${name} was removed`,
  codes_made: (name) => `New recovery codes were created for the account of ${name}`,
  some_removed: (name, factor) => `Second factors of ${name} were removed (${factor})`,
  all_removed: (name) => `All second factors of ${name} were removed`,
};

/** Every code as English. Nothing compares these sentences: they may change, codes may not. */
const WORDS: {
  [C in keyof AlarmParams]: (params: AlarmParams[C], say: Say) => AlarmWords;
} = {
  text: (words) => words,

  pbx_link: ({ link, error, detail }) => ({
    message: `${
      link === 'ari'
        ? 'Tapedeck cannot see the calls on the PBX, so calls that start now are not recorded.'
        : 'The PBX is not reporting queues, parking and pickup. Calls are still being recorded.'
    } ${errorInWords({ error, detail })}`,
    hint: errorHint(error),
  }),
  pbx_down: ({ error }) => ({
    message: publicMessage('pbx_down'),
    hint: error ? errorHint(error) : ARI_HINT,
  }),
  pbx_ari_down: ({ error }) => ({
    message: publicMessage('pbx_ari_down'),
    hint: error ? errorHint(error) : ARI_HINT,
  }),
  pbx_ami_down: ({ error }) => ({
    message: publicMessage('pbx_ami_down'),
    hint: error ? errorHint(error) : 'Check that manager.conf listens on the address in tapedeck.toml.',
  }),
  pbx_removed: ({ id, open, waiting }) => ({
    message: `tapedeck.toml has no PBX "${id}" any more, and ${open + waiting === 1 ? 'a call of it is' : `${open + waiting} calls of it are`} unfinished: captured audio stays in that PBX's spool, unencrypted, and is not sealed.`,
    hint: `Add the [[pbx]] section with id = "${id}" again and restart the recorder, which then finishes these calls. Remove it once none are left.`,
  }),
  need_missing: ({ says, todo }) => ({ message: says, hint: todo }),
  pbx_clock: ({ ms }) => ({
    message: `The PBX's clock is about ${roughText(ms)} ${ms < 0 ? 'behind' : 'ahead of'} this machine's.`,
    hint: "Synchronize both clocks with NTP. Calls are stamped with this machine's time.",
  }),
  pbx_starved: () => ({
    message: 'The PBX is short of processor time: Asterisk is dropping audio from the calls that it records.',
    hint: 'Set highpriority = yes under [options] in asterisk.conf and restart Asterisk when no call is in progress. Find out what else is using the processor of the PBX ("top"), and move it elsewhere.',
  }),
  clock_moved: ({ ms }) => ({
    message: `This machine's clock was moved ${ms < 0 ? 'back' : 'forward'} by about ${roughText(ms)} while calls were being recorded.`,
    hint: 'The length of recordings is not affected, and nothing is erased early. Once the clock is right, restart the recorder.',
  }),
  event_loop_slow: () => ({
    message: publicMessage('event_loop_slow'),
    hint: 'This machine is overloaded. Find out what else is running on it ("top"), or give it more processors.',
  }),
  mask_timed_out: () => ({
    message: 'A mask was not ended by the person who began it, so it ended by itself.',
    hint: 'People who take card numbers have to resume the recording afterwards. The call page shows which call it was. If they need longer, raise "resume_after_s" in the policy.',
  }),
  capture_silent: () => ({
    message: 'Asterisk reports that it is recording, but no audio arrives. Calls are being lost.',
    hint: 'Check the free space on the PBX, and the owner of its spool directory recording/.',
  }),
  mask_leaked: ({ call }) => ({
    message: `Sound from while call ${call} was masked is in its recording, which may hold card numbers.`,
    hint: 'Listen to the masked part, and redact or erase the recording. Tapedeck should have silenced that part before sealing: report it with the version of Tapedeck.',
  }),
  telling_failed: ({ call, strict, error, detail }) => ({
    message: `The people on call ${call} could not be told that it is recorded${strict ? ', and the law of a place may want that: it is not recorded' : ''}. ${errorInWords({ error, detail })}`,
    hint: 'Run "tapedeck doctor", which says whether the PBX gets its prompts. Until they can be played, calls whose people have to be told are not recorded.',
  }),
  captures_fail: () => ({
    message: publicMessage('captures_fail'),
    hint: 'The log of the recorder has the cause for each call. Check the spool of the PBX and its free space first.',
  }),
  mask_failed: ({ call, at, ms }, say) => ({
    message: `Masked audio was written to disk: ${(ms / 1_000).toFixed(1)} s of the call of ${say(at)} (${call}) while its recording was masked. Tapedeck silenced it before sealing, so it is not in the recording.`,
    hint: "It was in the PBX's spool, unencrypted, until the recording was sealed. Treat what was said then, such as a card number, as written to that disk. Check with a call of your own whether masking works on this PBX, and look at the recorder's log for that call.",
  }),
  prompt_not_found: ({ call, at, prompts }, say) => ({
    message: `${prompts === 1 ? 'An announcement is' : `${prompts} announcements are`} missing from the recording of the call of ${say(at)} (${call}): the PBX reported that all of it was played, and the sealed audio does not have it.`,
    hint: 'Listen to the recording from its beginning. If you do not hear the announcement, the people on the call may not have heard it either: call in yourself to check, and see the log of the PBX for that call. The call page shows what was played and when.',
  }),
  silent_side: ({ kind, name }) => {
    const line = name === '' ? 'the outside line' : `the line ${name}`;
    return {
      message: `No sound from ${kind === 'extension' ? `extension ${name}` : line}: its side of a call was silent from beginning to end.`,
      hint: 'Call it. If you hear nothing, look for a muted or broken headset, a wrong codec, or a firewall that passes RTP in one direction only.',
    };
  },
  test_call_fault: ({ fault, detail }) => ({
    message: `A test call failed: calls may be lost. ${testFaults[fault].message}`,
    hint: `${testFaults[fault].hint} (${detail})`,
  }),
  test_call_not_set_up: ({ fault, detail }) => ({
    message: `Test calls cannot be made. ${testFaults[fault].message}`,
    hint: `${testFaults[fault].hint} (${detail})`,
  }),
  test_call_failed: () => ({
    message: publicMessage('test_call_failed'),
    hint: 'Make a call yourself and check that it appears in the list of calls. Then look at the log of the recorder.',
  }),
  foreign_test_calls: ({ calls, call }) => ({
    message:
      calls === 1
        ? `Call ${call} is marked in catalogue.db as a test call, but Tapedeck did not make it. Unlike a real test call, it is not removed, nor is its recording.`
        : `${calls} calls, such as ${call}, are marked in catalogue.db as test calls, but Tapedeck did not make them. Unlike real test calls, they and their recordings are not removed.`,
    hint: `Calls marked like this do not appear in lists and reports. ${ELSEWHERE}`,
  }),
  recordings_taken: ({ name, hourly }) => ({
    message:
      name === null
        ? `More recordings were opened than people listen to: over ${hourly} an hour by all users together. Tapedeck refuses further ones for now.`
        : `${name} opened more recordings than anyone listens to: over ${hourly} an hour. Tapedeck refuses further ones for now.`,
    hint: 'Ask whether it was them; the audit log lists every recording. If not, disable the user, end their sessions and API tokens, and check the machine that runs the dashboard.',
  }),

  approval_alone: ({ act, name, at }, say) => ({
    message: `${name} asked to ${approvalActWords[act]}, and there is no second person who could approve. ${name} can approve it alone, for use from ${say(at)}.`,
    hint: 'If this is not expected, withdraw it on the page "Approvals" or with "tapedeck approvals withdraw". Give a second person the role of an admin, so that nobody approves alone.',
  }),

  factors_changed: ({ name, change, factor, by, counts }, say) => ({
    message: `${FACTOR_CHANGES[change](name, factor)}${by === null ? '' : ` by ${by} on the command line`}.${
      counts === null ? '' : ` It counts for approvals from ${say(counts)}.`
    }`,
    hint:
      by === null
        ? 'Ask them whether they did this. If not, run "tapedeck user factors NAME --since DAY" on the machine, which removes what was added since then, and "tapedeck user password NAME". Then check the machine that runs the dashboard.'
        : 'If this is not expected, find out who has root on the machine.',
  }),
  approver_new: ({ name, by }) => ({
    message: `${by} gave ${name} the permission to approve what other people ask for.`,
    hint: 'If this is not expected, run "tapedeck user disable NAME" on the machine, and check the machine that runs the dashboard. The audit log says when it was done.',
  }),

  preserve_behind: () => ({
    message: publicMessage('preserve_behind'),
    hint: 'The captured audio is safe in the spool. Look for "could not be made" in the log of the recorder, and check the free space.',
  }),
  processor_short: ({ calls, since }, say) => ({
    message: `Recordings have waited 2 hours for processor time: ${calls} waiting, the oldest since ${say(since)}.`,
    hint: 'Calls are still recorded first. Recordings that have waited 2 hours are now processed one at a time. Find out what uses the processor ("top"), move other programs to another machine, or give this machine more processor cores.',
  }),
  preserve_failed: ({ error, minutes }) => ({
    message: `Tapedeck cannot turn captured calls into recordings. ${errorInWords({ error, detail: '' })}`,
    hint: `${inWords(because('retried_every', { minutes }))} ${errorHint(error)}`,
  }),
  spool_denied: ({ calls, error, detail }) => ({
    message: `${calls === 1 ? 'A call is' : `${calls} calls are`} waiting to be sealed because captured audio cannot be read. ${detail}`,
    hint: errorHint(error),
  }),
  spool_left: ({ files, error, detail }) => ({
    message: `Audio that is already sealed, or not to be kept, remains unencrypted in Asterisk's spool. ${detail || errorInWords({ error, detail })}${andMore(files - 1)}`,
    hint: errorHint(error),
  }),
  spool_strange: ({ files, file, refusal }) => {
    const { why, todo } = refusalInWords(refusal);
    return {
      message: `Something in Asterisk's spool has the name of a capture but is not safe to use, so Tapedeck leaves it alone. ${file}: ${why}.${andMore(files - 1)}`,
      hint: todo,
    };
  },
  spool_unknown: ({ files, file, until }, say) => ({
    message: `Asterisk's spool contains captured audio that belongs to no known call: ${file}.${andMore(files - 1)}`,
    hint: `It comes from a call during which the recorder was killed before it could save anything, from before this catalogue was restored from a backup, or from another Tapedeck on this PBX. It is not encrypted: listen to it, then move it away or delete it.${
      until === undefined ? '' : ` Tapedeck deletes it on ${say(until)}.`
    }`,
  }),
  spool_rights: ({ dir, fault }) => ({
    message: `The recorder does not have write access to Asterisk's spool ${dir} (${fault}). It asks Asterisk to delete sealed audio instead; while Asterisk is not responding, that audio stays there unencrypted.`,
    hint:
      fault === 'EROFS_UNIT'
        ? FAULT_HINTS[fault]!
        : `As root, run "chmod 2770 ${dir}" and add the recorder's user to the folder's group. On FreePBX "fwconsole chown" undoes this: see docs/start/asterisk-configuration.md.`,
  }),
  recording_damaged: ({ recordings, named }) => {
    const more = recordings - named.length;
    return {
      message: [
        `${recordings === 1 ? 'A recording' : `${recordings} recordings`} failed the integrity check.`,
        ...named.map(({ call, fault }) => `Call ${call}: ${fault}`),
        ...(more > 0 ? [`And ${more} more: see "tapedeck verify --damaged".`] : []),
      ].join(' '),
      hint: 'Look for a failing disk first ("dmesg", "smartctl -a"). Restore the file from a backup and run "tapedeck verify CALL"; the current file cannot be trusted.',
    };
  },
  recording_stray: ({ files, named }) => ({
    message: `The folder of recordings contains files that belong to no known recording: ${listed(
      named.map(({ file, recording }) => (recording ? `${file} (that of recording ${recording})` : file)),
      files,
    )}.`,
    hint: 'If catalogue.db was restored from an older backup, restore the newer one. Tapedeck leaves these files alone.',
  }),
  foreign_erasing: ({ recordings, named }) => ({
    message: `${recordings === 1 ? 'A recording is' : `${recordings} recordings are`} marked in catalogue.db as being erased, but the audit log has no entry for this: ${listed(
      named.map(({ recording, call }) => `${recording} of call ${call}`),
      recordings,
    )}. Tapedeck does not erase recordings that it did not decide to erase itself.`,
    hint: `Keys and files are untouched, but these recordings cannot be played while they are marked. ${ELSEWHERE}`,
  }),
  foreign_redaction: ({ recordings, named }) => ({
    message: `catalogue.db orders ${recordings === 1 ? 'a redaction' : `${recordings} redactions`} that the audit log has no request for, of ${recordings === 1 ? 'recording' : 'recordings'} ${listed(named, recordings)}. Tapedeck does not carry ${recordings === 1 ? 'it' : 'them'} out.`,
    hint: `The recordings are as they were. Keep a copy of catalogue.db as it is. ${ELSEWHERE}`,
  }),
  foreign_erased: ({ recordings, named }) => ({
    message: `${recordings === 1 ? 'A recording is' : `${recordings} recordings are`} marked in catalogue.db as erased, but the ${recordings === 1 ? 'key is' : 'keys are'} still in keys.db: ${listed(named, recordings)}. The list of erasures that goes to the place of backups leaves ${recordings === 1 ? 'it' : 'them'} out, so that a restore keeps ${recordings === 1 ? 'it' : 'them'}.`,
    hint: `Keys and files are untouched. Keep a copy of catalogue.db as it is. ${ELSEWHERE}`,
  }),
  certificate_refused: ({ recordings, named }) => ({
    message: `catalogue.db lists ${recordings === 1 ? 'a recording' : `${recordings} recordings`} as erased, and Tapedeck has not signed a certificate of ${recordings === 1 ? 'it' : 'them'}: ${listed(
      named.map(({ recording, call, fault }) => `${recording} of call ${call}: ${certificateDoubts[fault]}`),
      recordings,
    )}.`,
    hint: `Tapedeck certifies only what its audit log, keys.db and the files agree on, and looks again at each start and after each run. Keep a copy of catalogue.db as it is. ${ELSEWHERE}`,
  }),
  certificate_forged: ({ number }) => ({
    message: `catalogue.db has a certificate of erasure ${certificateName(number)} that Tapedeck did not issue: the audit log has no entry of it, or of another one. No certificate is signed any more.`,
    hint: `Recordings are still erased as the policy says, and are certified once the certificate is gone. Keep a copy of catalogue.db as it is. ${ELSEWHERE}`,
  }),
  retention_refused: ({ why, confirm }, say) => ({
    message: `${errors.retention_refused.message} ${refusedInWords({ why, confirm }, say)}`,
    hint: errors.retention_refused.hint,
  }),
  retention_overdue: ({ recordings, since }, say) => ({
    message: `${recordings} ${recordings === 1 ? 'recording has' : 'recordings have'} been due for more than 3 days and ${recordings === 1 ? 'is' : 'are'} not erased; the oldest since ${say(since)}. They are kept for longer than the policy allows.`,
    hint: 'The retention page says why: the safety limit stops the runs until somebody confirms, or recordings could not be erased and the log names the cause.',
  }),
  signing_key_new: ({ key }) => ({
    message: `The key that signed recordings and the audit log could not be opened, so Tapedeck created a new one: ${key}.`,
    hint: 'Copy the public key that "tapedeck keys status" shows to where you keep such keys. Check whether signing/key was damaged, or restored from a backup. The old key is kept beside it.',
  }),

  request_confirm: ({ requests, number, day }) => ({
    message: `${requests === 1 ? '1 request' : `${requests} requests`} of people about recordings of themselves ${requests === 1 ? 'needs' : 'need'} a confirmation of receipt. Request ${number} is to be confirmed by ${day}.`,
    hint: 'Write to the people that you received their requests, and enter the day on the page "Requests" ("Change"). Their contacts are there too.',
  }),
  request_due: ({ requests, number, day }) => ({
    message: `${requests === 1 ? '1 request' : `${requests} requests`} of people about recordings of themselves ${requests === 1 ? 'has' : 'have'} to be answered within 7 days. Request ${number} has to be answered by ${day}.`,
    hint: 'Answer them, or extend their deadline and tell the people why, on the page "Requests". Then close them there.',
  }),
  request_overdue: ({ requests, number, day }) => ({
    message: `${requests === 1 ? '1 request' : `${requests} requests`} of people about recordings of themselves ${requests === 1 ? 'is' : 'are'} overdue. Request ${number} had to be answered by ${day}.`,
    hint: 'Answer them as soon as you can, and close them on the page "Requests" with the day of the answer.',
  }),

  call_missed: ({ from, to, at, ms, why }, say) => ({
    message: `An answered call was not recorded: ${from || 'unknown'} with ${to || 'unknown'}, ${say(at)}, ${Math.round(ms / 1000)} s. ${inWords(why, say)}`,
    hint: 'The coverage page has the PBX\'s own record of it. Run "tapedeck doctor".',
  }),
  calls_missed: ({ calls }) => ({
    message: `${calls} more answered ${calls === 1 ? 'call was' : 'calls were'} not recorded.`,
    hint: 'The coverage page lists them all. Run "tapedeck doctor".',
  }),
  cdr_silent: ({ since }, say) => ({
    message: `Asterisk has ${since === null ? 'never sent a CDR' : `sent no CDRs since ${say(since)}`}, so nothing independent confirms what was recorded.`,
    hint: 'Set enable = yes in cdr.conf and enabled = yes in cdr_manager.conf of Asterisk, run "asterisk -rx \'module reload cdr_manager.so\'", make a call, and run "tapedeck doctor".',
  }),
  cdr_source: ({ source }) => ({
    message: `The PBX's call records cannot be read from ${source}.`,
    hint: 'Correct [coverage] in tapedeck.toml or the permissions of the source. The coverage page shows the problem.',
  }),
  cdr_journal: ({ file, detail }) => ({
    message: `Asterisk's CDRs cannot be written to ${file}. ${detail}`,
    hint: 'CDRs received while the catalogue is locked are lost if the recorder stops now. Check the free space and the owner of that folder.',
  }),
  audit_chain: ({ entry, fault }) => ({
    message: `The audit log was tampered with or damaged. ${faultWords[fault](entry)} The log is no longer being signed.`,
    hint: 'Run "tapedeck audit verify" on the recorder, keep a copy of catalogue.db, and find out who could write to it. Calls are still being recorded.',
  }),
  audit_checkpoint: ({ error }) => ({
    message: 'A checkpoint of the audit log could not be signed.',
    hint: error === null ? 'The log of the recorder has the cause.' : errorHint(error),
  }),

  catalogue_fails: () => ({
    message: publicMessage('catalogue_fails'),
    hint: 'Check the free space and the permissions of the data directory, and the log of the recorder.',
  }),
  upgrade_failed: ({ error, detail }) => ({
    message: `The upgrade of the catalogue failed: ${errorInWords({ error, detail })} Calls are recorded, but recordings are not made and nothing can be played until it succeeds.`,
    hint: 'It is tried again every minute. Remove the cause, for example by making room on the disk of the data directory; the log of the recorder has the details. To go back to the version before: "tapedeck upgrade back".',
  }),
  catalogue_damaged: ({ file, error, detail }) => ({
    message: `${file} cannot be written. ${errorInWords({ error, detail })}`,
    hint: errorHint(error),
  }),
  dashboard_restarted: ({ file, seconds, lock }) =>
    lock === 'held'
      ? {
          message: `The dashboard was restarted, but ${file} is still locked: another program holds it. Calls are recorded as usual; what is to be written about them waits in memory.`,
          hint: 'As root, run "lslocks" and look for catalogue.db-shm: end that program, such as a backup or an open sqlite3. Do not stop the recorder before that. If it is the dashboard again, run "systemctl stop tapedeck-web", and if that does not end, "systemctl kill --signal=SIGKILL tapedeck-web".',
        }
      : {
          message: `The dashboard was restarted: ${file} had been locked for ${seconds} s, so the recorder could not write to it. No call is lost.`,
          hint: 'If nobody had the catalogue open (a backup, an sqlite3), somebody may have taken over the dashboard: look at its log ("journalctl -u tapedeck-web"), end all sessions and update Tapedeck. This alarm ends by itself after a day.',
        },
  catalogue_rows: ({ rows, named }) => {
    const more = rows - named.length;
    return {
      message: `${rows === 1 ? 'A row' : `${rows} rows`} in catalogue.db cannot be read and ${rows === 1 ? 'is' : 'are'} left out: ${named
        .map(({ table, key, fault }) => `${table} ${key} (${fault})`)
        .join('; ')}${more > 0 ? `, and ${more} more` : ''}.`,
      hint: 'Tapedeck did not write this: another program did, or the disk is damaged ("dmesg" shows its errors). Keep a copy of catalogue.db, find the cause, and restore it from a backup. The log of the recorder counts the rows of each table and names the first. Other calls are recorded as usual.',
    };
  },
  catalogue_policy: ({ version, fault }) => ({
    message: `Version ${version} of the policy cannot be read: ${fault}. Every call is recorded, except calls to the built-in emergency numbers, and nothing is erased.`,
    hint: 'Save the policy again on its page, or run "tapedeck policy import FILE" ("tapedeck policy history --json" has the earlier versions). Then find out what else writes to catalogue.db.',
  }),
  catalogue_schema: ({ faults }) => ({
    message: `The schema of catalogue.db was changed, so the recorder is signing neither the audit log nor recordings. ${faults.join(' ')}`,
    hint: 'Keep a copy of catalogue.db, run "tapedeck audit verify", and find out what else writes to the file. Then restore it from a backup, or undo the change. Calls are recorded as usual, and signed once this is fixed.',
  }),
  recorder_not_started: ({ error, detail }) => ({
    message: `The recorder did not start, and no call is being recorded. ${errorInWords({ error, detail })}`,
    hint: errorHint(error),
  }),
  catalogue_empty: ({ catalogue, keys, recordings }) => ({
    message: `${catalogue} has no calls, but ${keys} has the keys of ${recordings} recordings.`,
    hint: 'The catalogue was emptied or replaced. Stop both services and restore it from a backup; the recordings and their keys are still there. Until then, calls are still being recorded.',
  }),
  data_strange: ({ files, named }) => ({
    message: `The data directory contains something that Tapedeck did not put there: ${listed(named, files)}.`,
    hint: 'Somebody with write access to it, most likely by taking over the dashboard, did this. Find out who, and remove whatever does not belong there. Files found when the recorder started stay listed until it starts again.',
  }),
  keys_were_open: ({ file }) => ({
    message: `Until this upgrade, the dashboard's user could read the keys of the recordings (${file}).`,
    hint: 'The recorder has closed them. As root, run "tapedeck keys rotate": whatever may have been copied then opens nothing without the old master key. This alarm ends by itself after a week.',
  }),
  ...backupAlarms,
  disk_full: ({ disk, room }) => ({
    message: `${roomInWords(room)} ${
      disk === 'data'
        ? 'Recordings cannot be stored there.'
        : 'Calls are not recorded, to leave the remaining space to the PBX.'
    }`,
    hint:
      FAULT_HINTS[room.fault ?? ''] ??
      'Free some space or use a larger disk. Recording then resumes automatically.',
  }),
  disk_reserve: ({ room }) => ({
    message: roomInWords(room),
    hint: 'Free some space, use a larger disk, or keep recordings for a shorter time.',
  }),
  disk_low: () => ({
    message: publicMessage('disk_low'),
    hint: 'Free some space on the disk of the data directory, or keep recordings for a shorter time.',
  }),
  disk_slow: ({ dir }) => ({
    message: `The disk of ${dir} takes more than a second for a small write.`,
    hint: 'Find out what keeps it busy ("iotop"), and check its health ("smartctl -a").',
  }),
  archive_unreachable: ({ recordings, detail }) => ({
    message: `The archive cannot be reached: ${recordings === 1 ? '1 recording' : `${recordings} recordings`} in it cannot be played until it is back, and nothing moves there. ${detail}`,
    hint: 'Mount its storage ("findmnt", "dmesg"), then run "tapedeck archive status". New calls are recorded as before.',
  }),
  archive_unwritable: ({ directory, fault }) => ({
    message: `The archive ${directory} cannot be written (${fault}), so nothing moves there. Recordings in it can be played.`,
    hint: "Let the recorder's user write there, and name it in ReadWritePaths= of its unit (docs/operate/archive.md).",
  }),
  archive_full: ({ directory, free, reserve }) => ({
    message: `The archive ${directory} has ${sizeText(free)} free; ${sizeText(reserve)} are kept in reserve. Nothing moves there.`,
    hint: 'Give the archive more space, or keep recordings for a shorter time.',
  }),
  archive_fails: ({ directory, recording, detail }) => ({
    message: `Recording ${recording} could not be moved to the archive ${directory}. ${detail}`,
    hint: 'The recording stays in the data directory. Check the storage of the archive, then run "tapedeck archive run".',
  }),
  disk_stalled: ({ data, spool }) => ({
    message: `The disk of ${data} or ${spool} is not responding.`,
    hint: 'The usual causes are a network file system whose server is gone, and a failing disk ("dmesg").',
  }),

  alerts_undelivered: ({ channel, detail }) => ({
    message: `Messages about alarms cannot be delivered by ${channel}. ${detail}`,
    hint: 'Correct [alerts] in tapedeck.toml or the cause above, then run "tapedeck alert test".',
  }),
  mailing_failed: ({ report, detail, over }) => ({
    message: `The ${report.toLowerCase()} report could not be sent by email: ${detail}`,
    hint: `${over ? 'It was tried for three days and is not tried again before its next day. ' : 'It is tried again. '}Correct the cause or an address on the page "Reports", and send it from there.`,
  }),
  mailing_stopped: ({ report, detail }) => ({
    message: `The ${report.toLowerCase()} report is no longer sent by email: ${detail}`,
    hint: 'On the page "Reports", somebody who may have this report has to save the schedule, with recipients who may have it, or remove it.',
  }),
  checkpoints_undelivered: ({ channel, detail }) => ({
    message: `Checkpoints of the audit log cannot be sent off this machine by ${channel}. ${detail}`,
    hint: 'Correct [audit] in tapedeck.toml or the cause above. Pending checkpoints are then sent automatically.',
  }),
};

const ARI_HINT = 'Check that Asterisk is running and that http.conf listens on the address in tapedeck.toml.';

/** Returns what is wrong in words, each of at most 400 characters. Times are in UTC unless `say` writes them otherwise. */
export function alarmInWords(why: AlarmWhy, say: Say = iso): AlarmWords {
  const words = (WORDS[why.code] as (params: object, say: Say) => AlarmWords)(why.params, say);
  const { pbx } = why.params as { pbx?: { name: string } };
  const message = pbx ? `${pbx.name}: ${words.message}` : words.message;
  const { hint } = words;
  return { message: message.slice(0, LIMIT), hint: hint.slice(0, LIMIT) };
}

/** What is wrong as the API and messages have it: in words, and as a code. */
export const alarmView = (why: AlarmWhy, say?: Say) => ({ ...alarmInWords(why, say), why });

/** Why a run of retention has erased nothing, and how it would. */
export const refusedInWords = ({ why, confirm }: AlarmParams['retention_refused'], say: Say = iso): string =>
  `${inWords(why, say)} ${
    confirm === null
      ? 'Their erasure had started before the recorder last stopped.'
      : `Confirm with "${confirm}".`
  }`;

const andMore = (n: number): string => (n > 0 ? ` And ${n} more.` : '');

/** "a, b and 3 more" */
const listed = (names: readonly string[], total: number): string =>
  `${names.join(', ')}${total > names.length ? ` and ${total - names.length} more` : ''}`;
