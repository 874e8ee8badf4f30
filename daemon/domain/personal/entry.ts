/**
 * What a place can hold. `number`, `name`: of parties of a call, extensions among them. `text`: what somebody typed. `user`: name, id
 * or address of somebody who uses Tapedeck. `key`: a key or secret, or the hash of one. `id`: an
 * id that the PBX gave to a channel, which leads to a number with the PBX's own CDRs alone.
 */
export type Kind = 'number' | 'name' | 'text' | 'user' | 'audio' | 'key' | 'id';

/**
 * When it goes. `audio`: when the recording is erased. `call`: with the names and numbers of its call. `time`: after a fixed time.
 * `person`: when somebody removes it. `stays`: never.
 */
export type Fate = 'audio' | 'call' | 'time' | 'person' | 'stays';

export type Personal = { columns: string[]; holds: Kind[]; goes: Fate; how: string };
/** `other`: the columns that hold nothing personal. */
export type TableEntry = { table: string; other: string[]; personal: Personal[] };

/** `pattern` fits its path in the data directory; files outside of that have a path that begins with a name in angle brackets. */
export type FileEntry = { file: string; pattern: RegExp; holds: Kind[]; goes: Fate; how: string };

const words = (text: string): string[] => (text === '' ? [] : text.split(' '));

/** Columns, separated by spaces, that hold nothing personal, and those that do. */
export const table = (name: string, other: string, ...personal: Personal[]): TableEntry => ({
  ...{ table: name, other: words(other), personal },
});

/** Columns that hold these kinds, both separated by spaces, and how they go. */
export const holds = (columns: string, kinds: string, [goes, how]: readonly [Fate, string]): Personal => ({
  ...{ columns: words(columns), holds: words(kinds) as Kind[], goes, how },
});

export const file = (
  name: string,
  pattern: RegExp,
  kinds: string,
  [goes, how]: readonly [Fate, string],
): FileEntry => ({ ...{ file: name, pattern, holds: words(kinds) as Kind[], goes, how } });
