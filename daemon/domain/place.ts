export const PBX_ID = '^((?!first$)[a-z][a-z0-9-]{0,31})?$';
const ID = new RegExp(PBX_ID);

/**
 * Which PBX something is of: the id of its section in the configuration, and '' for the first one. An id is never given to
 * another PBX, because rows, rules and scopes have it. `first` is how '' is written where a text cannot be empty.
 */
export type PbxId = string;

/** The PBX whose section has no id. Everything from before there could be several belongs to it. */
export const FIRST: PbxId = '';
const FIRST_WRITTEN = 'first';

export const isPbxId = (text: string): boolean => ID.test(text);

/** Returns how an id is written in rules, filters and on the command line. */
export const writePbx = (pbx: PbxId): string => pbx || FIRST_WRITTEN;
/** Returns the id that is written so, or null for a text that is none. */
export function readPbx(written: string): PbxId | null {
  if (written === FIRST_WRITTEN) return FIRST;
  return isPbxId(written) ? written : null;
}

/** A PBX that is set up; `name` is what people read. */
export type NamedPbx = { id: PbxId; name: string };

/** An extension, queue or number of ours (DID), and the PBX that it is on. */
export type Place = { pbx: PbxId; name: string };

/**
 * Returns one text for an extension, queue, DID or line, whichever PBX it is on: the bare name on the first PBX, `id/name` on
 * another. A name on the first PBX that could be taken for one on another begins with a slash. No name stays none.
 */
export function qualified(pbx: PbxId, name: string): string {
  if (name === '') return '';
  if (pbx !== FIRST) return `${pbx}/${name}`;
  const slash = name.indexOf('/');
  return slash >= 0 && isPbxId(name.slice(0, slash)) ? `/${name}` : name;
}

/** Returns such a text in the one way in which `qualified` writes it: a person may have begun a bare name with a slash. */
export function canonicalName(text: string): string {
  const { pbx, name } = unqualified(text);
  return qualified(pbx, name);
}

/** Returns what such a text names. The opposite of `qualified`. */
export function unqualified(text: string): Place {
  const slash = text.indexOf('/');
  const pbx = text.slice(0, Math.max(0, slash));
  return slash >= 0 && isPbxId(pbx) ? { pbx, name: text.slice(slash + 1) } : { pbx: FIRST, name: text };
}
