import { faultWords } from '../assurance/audit.js';
import { testFaults } from '../call/test-fault.js';
import { iso } from '../days.js';
import { errors } from '../error.js';
import { because } from '../reason/reason.js';
import { errorHint, errorInWords, inWords, type Say } from '../reason/words.js';
import { refusalInWords } from '../recording/captures.js';
import { roughText } from '../written.js';
import type { AlarmParams, AlarmWhy } from './alarm-codes.js';
import { publicMessage } from './health.js';
import { roomInWords } from './room.js';

/** What happened and what it means, and what to do. */
export type AlarmWords = { message: string; hint: string };

/** Neither is longer, in characters. */
const LIMIT = 400;
const ELSEWHERE = 'Find out what else writes to catalogue.db, and restore it from a backup.';

/** Every code as English. Nothing compares these sentences: they may change, codes may not. */
const WORDS: {
  [C in keyof AlarmParams]: (params: AlarmParams[C], say: Say) => AlarmWords;
} = {
  text: (words) => words,

  pbx_link: ({ link, error, detail }) => ({
    message: `${
      link === 'ari'
        ? 'The calls of the PBX are not seen, and those that begin now are not recorded.'
        : 'The PBX does not tell of queues, parking and pickup; calls are recorded.'
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
    hint: error ? errorHint(error) : 'Check that manager.conf listens where tapedeck.toml says.',
  }),
  pbx_clock: ({ ms }) => ({
    message: `The clock of the PBX is ${shift(ms)} from this machine's.`,
    hint: 'Have both set by NTP. Calls bear the times of this machine.',
  }),
  pbx_starved: () => ({
    message: 'The PBX is short of processor time: Asterisk is dropping audio from the calls that it records.',
    hint: 'Set highpriority = yes under [options] in asterisk.conf and restart Asterisk when no call is up. Find what else loads the PBX (top), and move it elsewhere.',
  }),
  clock_moved: ({ ms }) => ({
    message: `The clock of this machine was moved ${shift(ms)} while calls were being recorded.`,
    hint: 'Recordings keep their length, and nothing is erased early. When the clock is right, restart the recorder.',
  }),
  event_loop_slow: () => ({
    message: publicMessage('event_loop_slow'),
    hint: 'The machine has too much to do: look for what else runs on it ("top"), or give it more processors.',
  }),
  capture_silent: () => ({
    message: 'Asterisk says that it records and no audio arrives: calls are lost.',
    hint: 'Look at the free space of the PBX and at the owner of its spool directory recording/.',
  }),
  captures_fail: () => ({
    message: publicMessage('captures_fail'),
    hint: 'The log of the recorder says why for each call; look at the free space of the PBX and its spool first.',
  }),
  silent_side: ({ kind, name }) => {
    const line = name === '' ? 'the line to the outside' : `the line ${name}`;
    return {
      message: `No sound from ${kind === 'extension' ? `extension ${name}` : line}: its side of a call is silent from beginning to end.`,
      hint: 'Call it. If it cannot be heard, look for a muted or broken headset, a wrong codec, or a firewall that lets RTP through one way only.',
    };
  },
  test_call_fault: ({ fault, detail }) => ({
    message: `A test call failed: calls may be lost. ${testFaults[fault].message}`,
    hint: `${testFaults[fault].hint} (${detail})`,
  }),
  test_call_not_set_up: ({ fault, detail }) => ({
    message: `A test call cannot be made. ${testFaults[fault].message}`,
    hint: `${testFaults[fault].hint} (${detail})`,
  }),
  test_call_failed: () => ({
    message: publicMessage('test_call_failed'),
    hint: 'Make a call by hand and look whether it appears; then look at the log of the recorder.',
  }),
  foreign_test_calls: ({ calls, call }) => ({
    message: `Calls are marked in catalogue.db as test calls that Tapedeck did not make: ${calls}, such as ${call}. They and their recordings are not removed, as test calls are.`,
    hint: `They are missing in lists and reports while their rows say so. ${ELSEWHERE}`,
  }),

  preserve_behind: () => ({
    message: publicMessage('preserve_behind'),
    hint: 'What was captured is safe in the spool. Look for "could not be made" in the log of the recorder, and at free space.',
  }),
  preserve_failed: ({ error, minutes }) => ({
    message: `Captured calls cannot be made into recordings. ${errorInWords({ error, detail: '' })}`,
    hint: `${inWords(because('retried_every', { minutes }))} ${errorHint(error)}`,
  }),
  spool_denied: ({ calls, error, detail }) => ({
    message: `${calls === 1 ? 'A call waits' : `${calls} calls wait`} to be sealed, because captured audio cannot be read. ${detail}`,
    hint: errorHint(error),
  }),
  spool_left: ({ files, error, detail }) => ({
    message: `Audio that is sealed, or not to be kept, stays in Asterisk's spool in the clear. ${detail || errorInWords({ error, detail })}${andMore(files - 1)}`,
    hint: errorHint(error),
  }),
  spool_strange: ({ files, file, refusal }) => {
    const { why, todo } = refusalInWords(refusal);
    return {
      message: `Something in Asterisk's spool has the name of a capture and is left alone. ${file}: ${why}.${andMore(files - 1)}`,
      hint: todo,
    };
  },
  spool_unknown: ({ files, file }) => ({
    message: `Captured audio in Asterisk's spool belongs to no call that is known here. ${file}.${andMore(files - 1)}`,
    hint: 'It is from another Tapedeck on this PBX, or from before this catalogue was restored from a backup. Listen to it, then move it away or remove it: it is in the clear.',
  }),
  spool_rights: ({ dir, fault }) => ({
    message: `The recorder has no right to write in Asterisk's spool ${dir} (${fault}). Asterisk is asked to remove sealed audio; while it does not answer, that stays there in the clear.`,
    hint: `As root: chmod 2770 ${dir}, and put the recorder's user into the folder's group. On FreePBX "fwconsole chown" undoes this: see asterisk-conf/README.md.`,
  }),
  recording_damaged: ({ recordings, named }) => {
    const more = recordings - named.length;
    return {
      message: [
        `${recordings === 1 ? 'A recording is' : `${recordings} recordings are`} not as sealed.`,
        ...named.map(({ call, fault }) => `Call ${call}: ${fault}`),
        ...(more > 0 ? [`And ${more} more: "tapedeck verify --damaged".`] : []),
      ].join(' '),
      hint: 'Look for a failing disk first ("dmesg", "smartctl -a"). Put the file back from a backup and run "tapedeck verify CALL"; what is there now cannot be trusted.',
    };
  },
  recording_stray: ({ files, named }) => ({
    message: `In the folder of recordings are files that no recording knows: ${listed(
      named.map(({ file, recording }) => (recording ? `${file} (that of recording ${recording})` : file)),
      files,
    )}.`,
    hint: 'Was catalogue.db put back from an older backup? Then put the newer one back. They are left alone.',
  }),
  foreign_erasing: ({ recordings, named }) => ({
    message: `${recordings === 1 ? 'A recording is' : `${recordings} recordings are`} marked in catalogue.db as being erased, and the audit log has no entry of it: ${listed(
      named.map(({ recording, call }) => `${recording} of call ${call}`),
      recordings,
    )}. Tapedeck does not erase what it did not decide itself.`,
    hint: `Keys and files are untouched, but cannot be played while the rows say so. ${ELSEWHERE}`,
  }),
  retention_refused: ({ why, confirm }, say) => ({
    message: `${errors.retention_refused.message} ${refusedInWords({ why, confirm }, say)}`,
    hint: errors.retention_refused.hint,
  }),
  signing_key_new: ({ key }) => ({
    message: `The key that signed recordings and the audit log could not be opened, and a new one was made: ${key}.`,
    hint: 'Copy the public key that "tapedeck keys status" shows to where you keep such things. Was signing/key damaged, or put back from a backup? The old one is kept beside it.',
  }),

  call_missed: ({ from, to, at, ms, why }, say) => ({
    message: `An answered call was not recorded: ${from || 'unknown'} with ${to || 'unknown'}, ${say(at)}, ${Math.round(ms / 1000)} s. ${inWords(why, say)}`,
    hint: 'The coverage page has the PBX\'s own account of it. Run "tapedeck doctor".',
  }),
  calls_missed: ({ calls }) => ({
    message: `${calls} more answered ${calls === 1 ? 'call was' : 'calls were'} not recorded.`,
    hint: 'The coverage page lists them all. Run "tapedeck doctor".',
  }),
  cdr_silent: ({ since }, say) => ({
    message: `Asterisk has sent no CDRs since ${say(since)}: nobody but Tapedeck now says what was recorded.`,
    hint: 'Look at cdr.conf and cdr_manager.conf, and run "tapedeck doctor".',
  }),
  cdr_source: ({ source }) => ({
    message: `The PBX's call records cannot be read from ${source}.`,
    hint: 'Correct [coverage] in tapedeck.toml or the rights there; the coverage page shows what is wrong.',
  }),
  cdr_journal: ({ file, detail }) => ({
    message: `Asterisk's CDRs cannot be written to ${file}. ${detail}`,
    hint: 'CDRs heard while the catalogue is locked are lost if the recorder stops now. Check free space and owner of that folder.',
  }),
  audit_chain: ({ entry, fault }) => ({
    message: `The audit log was tampered with or damaged. ${faultWords[fault](entry)} It is not signed any more.`,
    hint: 'Run "tapedeck audit verify" on the recorder, keep a copy of catalogue.db, and find out who could write to it. Calls go on being recorded.',
  }),
  audit_checkpoint: ({ error }) => ({
    message: 'No checkpoint of the audit log could be signed.',
    hint: error === null ? 'The log of the recorder says why.' : errorHint(error),
  }),

  catalogue_fails: () => ({
    message: publicMessage('catalogue_fails'),
    hint: 'Look at the free space and the rights of the data directory, and at the log of the recorder.',
  }),
  catalogue_damaged: ({ file, error, detail }) => ({
    message: `${file} cannot be written. ${errorInWords({ error, detail })}`,
    hint: errorHint(error),
  }),
  catalogue_rows: ({ rows, named }) => {
    const more = rows - named.length;
    return {
      message: `${rows === 1 ? 'A row' : `${rows} rows`} in catalogue.db cannot be read and ${rows === 1 ? 'is' : 'are'} left out: ${named
        .map(({ table, key, fault }) => `${table} ${key} (${fault})`)
        .join('; ')}${more > 0 ? `, and ${more} more` : ''}.`,
      hint: 'Tapedeck did not write this. Find out what else writes to catalogue.db, keep a copy of it, and restore it from a backup. The log of the recorder names every row; other calls are recorded as usual.',
    };
  },
  catalogue_policy: ({ version, fault }) => ({
    message: `Version ${version} of the policy cannot be read: ${fault}. Every call is recorded, except to the emergency numbers that Tapedeck comes with, and nothing is erased.`,
    hint: 'Save the policy again on its page, or run "tapedeck policy import FILE" ("tapedeck policy history --json" has the earlier versions). Then find out what else writes to catalogue.db.',
  }),
  catalogue_schema: ({ faults }) => ({
    message: `The schema of catalogue.db was changed, so the recorder signs neither the audit log nor recordings. ${faults.join(' ')}`,
    hint: 'Keep a copy of catalogue.db, run "tapedeck audit verify", and find out what else writes to the file. Then restore it from a backup, or undo the change. Calls are recorded as usual and signed afterwards.',
  }),
  catalogue_empty: ({ catalogue, keys, recordings }) => ({
    message: `${catalogue} has no calls, but ${keys} has the keys of ${recordings} recordings.`,
    hint: 'The catalogue was emptied or replaced. Stop both services and put it back from a backup; the recordings and their keys are still there. Calls are recorded meanwhile.',
  }),
  data_strange: ({ files, named }) => ({
    message: `Files in the data directory are not as Tapedeck left them: ${listed(named, files)}.`,
    hint: 'Somebody who can write there, most likely in the place of the dashboard, has changed them. Find out who, and remove what does not belong there. What was found at the start is named until the next one.',
  }),
  disk_full: ({ disk, room }) => ({
    message: `${roomInWords(room)} ${
      disk === 'data'
        ? 'Recordings cannot be kept there.'
        : 'Calls are not recorded, so that the PBX has what is left.'
    }`,
    hint: 'Free some space or give it a larger disk. Recording goes on by itself then.',
  }),
  disk_reserve: ({ room }) => ({
    message: roomInWords(room),
    hint: 'Free some space, give it a larger disk, or keep recordings for a shorter time.',
  }),
  disk_low: () => ({
    message: publicMessage('disk_low'),
    hint: 'Make room on the disk of the data directory, or keep recordings for a shorter time.',
  }),
  disk_slow: ({ dir }) => ({
    message: `The disk of ${dir} takes more than a second for a small write.`,
    hint: 'Look for what keeps it busy (iotop), and at its health (smartctl -a).',
  }),
  disk_stalled: ({ data, spool }) => ({
    message: `The disk of ${data} or ${spool} does not answer.`,
    hint: 'A network file system whose server is gone does that; so does a dying disk ("dmesg").',
  }),

  alerts_undelivered: ({ channel, detail }) => ({
    message: `Messages about alarms cannot be delivered by ${channel}. ${detail}`,
    hint: 'Correct [alerts] in tapedeck.toml or what stands in the way; "tapedeck alert test" tries it.',
  }),
  checkpoints_undelivered: ({ channel, detail }) => ({
    message: `Checkpoints of the audit log do not get off this machine by ${channel}. ${detail}`,
    hint: 'Correct [audit] in tapedeck.toml or what stands in the way; what waits is sent by itself then.',
  }),
};

const ARI_HINT = 'Check that Asterisk runs and that http.conf listens where tapedeck.toml says.';

/** Returns what is wrong in words, each of at most 400 characters. Times are in UTC unless `say` writes them otherwise. */
export function alarmInWords(why: AlarmWhy, say: Say = iso): AlarmWords {
  const { message, hint } = (WORDS[why.code] as (params: object, say: Say) => AlarmWords)(why.params, say);
  return { message: message.slice(0, LIMIT), hint: hint.slice(0, LIMIT) };
}

/** What is wrong as the API and messages have it: in words, and as a code. */
export const alarmView = (why: AlarmWhy, say?: Say) => ({ ...alarmInWords(why, say), why });

/** Why a run of retention has erased nothing, and how it would. */
export const refusedInWords = ({ why, confirm }: AlarmParams['retention_refused'], say: Say = iso): string =>
  `${inWords(why, say)} ${
    confirm === null ? 'Their erasure was begun before the last stop.' : `Confirm with "${confirm}".`
  }`;

const andMore = (n: number): string => (n > 0 ? ` And ${n} more.` : '');

/** "a, b and 3 more" */
const listed = (names: readonly string[], total: number): string =>
  `${names.join(', ')}${total > names.length ? ` and ${total - names.length} more` : ''}`;

/** "about 1 hour forwards" */
const shift = (ms: number): string => `about ${roughText(ms)} ${ms < 0 ? 'back' : 'forwards'}`;
