import type { NoSound } from './sound-file.js';

/**
 * What became of a file. `already`: imported before; `recorded`: Tapedeck captured this call itself, and its own capture wins;
 * `withheld`: Tapedeck did not keep this call on purpose; `rules`: the recording rules record no such call; `due`: it is past its
 * retention; `growing`: somebody writes to it; `link`: a symbolic or hard link, or no file; `unreadable`: no audio that can be read.
 */
export const importOutcomes = [
  'imported',
  'already',
  'recorded',
  'withheld',
  'rules',
  'due',
  'growing',
  'link',
  'unreadable',
] as const;
export type ImportOutcome = (typeof importOutcomes)[number];

/** What is to be known of a file beside its outcome. */
export type ImportNote =
  | 'no_cdr'
  | 'several_cdrs'
  | 'time_ambiguous'
  | 'time_skipped'
  | 'time_zone'
  | 'time_from_file'
  | 'truncated'
  | 'mixed'
  | 'erased';

/** Why a file is not read. */
export type Unreadable = NoSound | 'denied' | 'changed' | 'removed' | 'decoder' | 'too_long' | 'too_large';

export const NOTE_WORDS: Record<ImportNote, string> = {
  no_cdr: 'no CDR found',
  several_cdrs: 'CDRs of several calls match',
  time_ambiguous: 'its time occurred twice that night; the earlier one was taken',
  time_skipped: 'its time did not occur that day',
  time_zone: 'its time does not match the time zone; its uniqueid was used',
  time_from_file: 'its name has no time; the time of the file was used',
  truncated: 'shorter than its header says',
  mixed: 'both sides in one channel',
  erased: 'its recording was erased since',
};

export const OUTCOME_WORDS: Record<ImportOutcome, string> = {
  imported: 'imported',
  already: 'already imported',
  recorded: 'already recorded by Tapedeck',
  withheld: 'not kept by Tapedeck on purpose',
  rules: 'not recorded by your rules',
  due: 'past its retention',
  growing: 'still being written',
  link: 'a link, or not a regular file',
  unreadable: 'unreadable',
};

export const UNREADABLE_WORDS: Record<Unreadable, string> = {
  empty: 'the file is empty',
  header_only: 'it has a header and no audio',
  no_audio: 'it is not audio in a known format',
  unknown_codec: 'its codec is not supported',
  many_channels: 'it has more than two channels',
  denied: 'permission denied',
  changed: 'it changed while it was read',
  removed: 'it was removed before it was read',
  decoder: 'the decoder cannot read it',
  too_long: 'it is longer than seven days',
  too_large: 'it is larger than 4 GB',
};
