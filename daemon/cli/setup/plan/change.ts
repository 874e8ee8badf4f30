import type { CdrTable } from '../machine/cdr-database.js';

/** Who may read a file that setup makes or changes, as Asterisk's user and group or as Tapedeck's are called here. */
export type Owner = { uid: number; gid: number };

/**
 * One thing that setup changes. `pbx`: it belongs to the PBX, and `--undo` takes it back. Texts are bytes as latin1, so that
 * what is not ours stays as it is in any encoding.
 */
export type FileChange = {
  kind: 'file';
  path: string;
  before: string | null;
  after: string;
  /** What the file then has. A file that is there keeps its owner and, unless it gets a secret that all may read, its mode. */
  mode: number;
  owner: Owner;
  /** Shown as stars wherever the change is shown. */
  secrets: string[];
  pbx: boolean;
  why: string;
};
/** One of FreePBX's Advanced Settings. */
export type SettingChange = { kind: 'setting'; key: string; before: string; after: string; why: string };
export type FolderChange = {
  kind: 'folder';
  path: string;
  mode: number;
  owner: Owner;
  pbx: boolean;
  why: string;
};
/** A user of the PBX's database that may read its CDRs, and nothing else. */
export type AccountChange = { kind: 'account'; password: string; why: string } & CdrTable;
export type Change = FileChange | SettingChange | FolderChange | AccountChange;

export type Plan = {
  changes: Change[];
  /** Why nothing can be done, each with what to do about it. */
  conflicts: string[];
  /** What an admin should know, and can live with. */
  warnings: string[];
  /** Where the PBX is to be reached. */
  reach: { ariUrl: string; amiHost: string; amiPort: number };
};
