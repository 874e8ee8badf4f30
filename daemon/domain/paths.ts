import { iso } from './days.js';
import { FIRST, type PbxId } from './pbx.js';
import type { RecordingId, RecordingPlace } from './recording/recording.js';
import type { PromptEnding } from './telling/prompt.js';

/*
 * Every path in the data directory. Who may write where is set by systemd/tapedeck.tmpfiles, and seen to by
 * vault/data-folder.ts at each start:
 *
 *   <data>/         the recorder's: the dashboard cannot add, rename or remove a name here
 *     catalogue/    the recorder's; the dashboard reads
 *     recordings/   the recorder's; the dashboard reads
 *     signing/      the recorder's; the dashboard reads public keys and checkpoints
 *     prompts/      the recorder's; the dashboard reads
 *     documents/    the recorder's alone: signed documents of standing consents
 *     control/      the recorder's; the dashboard connects to the socket in it
 *     keys/         the recorder's alone
 *     owner/        the recorder's alone: the socket that answers everything
 *     recorder/     the recorder's alone: lock, disk probe, ballast, CDRs not yet in the catalogue, files put aside
 *     work/         the recorder's alone: audio fetched from another machine
 *     upgrade/      the recorder's alone: copies of catalogue and keys from before upgrades
 *     tls/          files of the dashboard, which makes none; the recorder reads the certificate that is served
 *     web/          the same, and the dashboard's alone: its sessions, and what it still has to tell the recorder
 */
export const catalogueFolder = (dataDir: string): string => `${dataDir}/catalogue`;
export const catalogueFile = (dataDir: string): string => `${catalogueFolder(dataDir)}/catalogue.db`;

/** The keys of the recordings. A journal that somebody else put beside the file would be rolled back into it. */
export const keysFolder = (dataDir: string): string => `${dataDir}/keys`;
export const keysFile = (dataDir: string): string => `${keysFolder(dataDir)}/keys.db`;

export const signingFolder = (dataDir: string): string => `${dataDir}/signing`;
export const signingKeyFile = (dataDir: string): string => `${signingFolder(dataDir)}/key`;
/** Beside the public keys that verify them. */
export const checkpointFile = (dataDir: string): string => `${signingFolder(dataDir)}/checkpoints`;
/** The newest, which is made every few seconds and goes nowhere. */
export const checkpointHead = (dataDir: string): string => `${signingFolder(dataDir)}/head`;

/** What callers are told with: each prompt is named by its hash, and has a file for each rate. */
export const promptsFolder = (dataDir: string): string => `${dataDir}/prompts`;
export const promptFile = (dataDir: string, hash: string, ending: PromptEnding): string =>
  `${promptsFolder(dataDir)}/${hash}.${ending}`;

/** Each is sealed, and named by its id. The dashboard asks the recorder for one. */
export const documentsFolder = (dataDir: string): string => `${dataDir}/documents`;

export const controlFolder = (dataDir: string): string => `${dataDir}/control`;
/** The recorder's control socket, open to its user and its group. */
export const controlSocket = (dataDir: string): string => `${controlFolder(dataDir)}/sock`;
export const ownerFolder = (dataDir: string): string => `${dataDir}/owner`;
/** The one that answers everything: open to the recorder's user only. */
export const ownerSocket = (dataDir: string): string => `${ownerFolder(dataDir)}/sock`;

export const recorderFolder = (dataDir: string): string => `${dataDir}/recorder`;
export const lockFile = (dataDir: string): string => `${recorderFolder(dataDir)}/lock`;
export const ballastFile = (dataDir: string): string => `${recorderFolder(dataDir)}/ballast`;
/** CDRs that were heard while the catalogue could not be written. */
export const cdrJournalFile = (dataDir: string, pbx: PbxId = FIRST): string =>
  `${recorderFolder(dataDir)}/cdrs${pbx === FIRST ? '' : `-${pbx}`}.jsonl`;
/** Files that were found under one of our names and are not ours. */
export const asideFolder = (dataDir: string): string => `${recorderFolder(dataDir)}/aside`;

/** That others could read the keys until a start closed them to these: there until an alarm has said so. */
export const keysWereOpenFile = (dataDir: string): string => `${recorderFolder(dataDir)}/keys-were-open`;

/** Names the backup that is being restored: until it is gone no recorder starts here. */
export const restoringFile = (dataDir: string): string => `${recorderFolder(dataDir)}/restoring`;

/** A copy of the catalogue, while a backup is made of it. */
export const backupCopyFile = (dataDir: string): string => `${recorderFolder(dataDir)}/backup.db`;

/** Where a backup is restored for trial; removed when that ends. */
export const drillFolder = (dataDir: string): string => `${recorderFolder(dataDir)}/drill`;

/** Copies of catalogue and keys from before upgrades. */
export const upgradeFolder = (dataDir: string): string => `${dataDir}/upgrade`;
/** How far the upgrade of the catalogue is, for the dashboard and for people; gone when it is finished. */
export const upgradeProgressFile = (dataDir: string): string => `${catalogueFolder(dataDir)}/upgrade.json`;
/** What was written while the catalogue was being upgraded, until the catalogue has it. */
export const upgradeJournalFile = (dataDir: string): string => `${recorderFolder(dataDir)}/upgrade.journal`;
/** What the recorder works with meanwhile: the calls in progress and what decides about calls. */
export const interimCatalogueFile = (dataDir: string): string => `${recorderFolder(dataDir)}/interim.db`;

/** That this box was handed over to another machine: while it is there no recorder starts here. */
export const movedFile = (dataDir: string): string => `${recorderFolder(dataDir)}/moved`;

/** The configuration of the machine that was backed up, after a restore. */
export const restoredConfigurationFile = (dataDir: string): string =>
  `${recorderFolder(dataDir)}/restored-tapedeck.toml`;

/** The catalogue while it is being restored. */
export const restoringCatalogueFile = (dataDir: string): string => `${catalogueFile(dataDir)}.restoring`;

/** Each PBX but the first has a folder of its own in it: they do not tidy up one another's copies. */
export const workFolder = (dataDir: string, pbx: PbxId = FIRST): string =>
  pbx === FIRST ? `${dataDir}/work` : `${dataDir}/work/${pbx}`;

export const tlsFolder = (dataDir: string): string => `${dataDir}/tls`;
/** What the dashboard serves, for the recorder, for `tapedeck tls` and for `tapedeck doctor`; and its keys. */
export const tlsFiles = (dataDir: string) => ({
  dir: tlsFolder(dataDir),
  authority: `${tlsFolder(dataDir)}/ca.crt`,
  authorityKey: `${tlsFolder(dataDir)}/ca.key`,
  own: `${tlsFolder(dataDir)}/own.crt`,
  ownKey: `${tlsFolder(dataDir)}/own.key`,
  acme: `${tlsFolder(dataDir)}/acme.crt`,
  acmeKey: `${tlsFolder(dataDir)}/acme.key`,
  acmeAccount: `${tlsFolder(dataDir)}/acme-account.json`,
  served: `${tlsFolder(dataDir)}/served.crt`,
});

export const webFolder = (dataDir: string): string => `${dataDir}/web`;
/** The dashboard's own database. */
export const webFile = (dataDir: string): string => `${webFolder(dataDir)}/web.db`;

/** The folder of all recordings, relative to the data directory. */
export const RECORDINGS = 'recordings';
export const recordingsFolder = (dataDir: string): string => `${dataDir}/${RECORDINGS}`;

/**
 * What names the file of a recording, relative to the data directory: the day (UTC) on which its call began, and its id. Only
 * vault/store makes a path of it.
 */
export const recordingPath = (id: RecordingId, startedAt: number): string =>
  `${RECORDINGS}/${iso(startedAt).slice(0, 10).replaceAll('-', '/')}/${id}.opus.age`;

/** The id of a recording, with what names its file. */
export const placeOf = (id: RecordingId, startedAt: number): RecordingPlace => ({
  id,
  file: recordingPath(id, startedAt),
});
