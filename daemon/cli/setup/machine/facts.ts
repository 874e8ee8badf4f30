import type { Owner } from '../plan/change.js';

/** A file of the PBX as it is. `text` is its bytes as latin1. */
export type ConfFile = Owner & { text: string; mode: number };

/** What setup has found out about a PBX on this machine. */
export type PbxFacts = {
  kind: 'asterisk' | 'freepbx';
  /** Such as `22.10.1`; empty while it does not run. */
  version: string;
  /** Such as `17.0.19`; empty on plain Asterisk. */
  freepbx: string;
  running: boolean;
  etc: string;
  /** The folder that holds `recording`. */
  spool: string;
  /** The folder that holds `cdr-csv`. */
  logs: string;
  /** Who Asterisk runs as. */
  owner: Owner;
  /** What is in `etc`, by path from there: `http.conf`, `manager.d/README.conf`. */
  files: Record<string, ConfFile>;
  /** Whether the folder for recordings is there. */
  recordings: boolean;
  /** Contexts of the dialplan; none while Asterisk does not run. */
  contexts: string[];
  /** Those in which the phones, trunks and lines of its configuration begin. */
  beginsIn: string[];
  /** Back ends of CDRs that are registered. */
  cdrBackends: string[];
  /** Advanced Settings of FreePBX that matter here. */
  settings: Record<string, string>;
};

/** FreePBX's contexts for lines to the outside, whatever its configuration says. */
const FREEPBX = /^from-(trunk|pstn|digital|analog|zaptel|dahdi|did-direct)(-|$)/;
/** As most people call theirs. */
const OUTSIDE = /(^|[-_])(trunks?|pstn|outside|external|inbound|incoming|carrier|provider)([-_]|$)/;
/** Hooks for admins, and those that the defaults of trunk_contexts name by their beginning. */
const COVERED = /-custom$|^from-trunk-(sip|iax2)-/;

/** Returns the contexts that look like lines to the outside. */
export const trunkContexts = ({ contexts, beginsIn }: Pick<PbxFacts, 'contexts' | 'beginsIn'>): string[] =>
  contexts
    .filter((name) => FREEPBX.test(name) || (OUTSIDE.test(name) && beginsIn.includes(name)))
    .filter((name) => !COVERED.test(name))
    .toSorted();

/** Returns the names of contexts in what `dialplan show` prints. */
export const contextsIn = (text: string): string[] =>
  [...text.matchAll(/^\[ Context '([^']+)' created by/gm)].map(([, name]) => name!);

/** Returns the back ends in what `cdr show status` prints. */
export const backendsIn = (text: string): string[] =>
  (text.split(/Registered Backends/)[1] ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^[\w .-]+$/.test(line) && !/^-+$/.test(line));
