/** The recorders whose file names are known. `mixmonitor`: any other name, as an admin's own dialplan makes it. */
export const recorders = ['freepbx', 'issabel', 'oreka', 'voipmonitor', 'mixmonitor'] as const;
export type RecorderName = (typeof recorders)[number];

/** Where the recording of a call comes from that Tapedeck did not capture. */
export type Imported = {
  recorder: RecorderName;
  /** Path of the original below the folder that was imported, for people; empty once names and numbers were removed. */
  file: string;
  bytes: number;
  /** Of the original as it was read, in lower-case hex. */
  sha256: string;
  /** Such as `wav49`. */
  format: string;
  /** `mixed`: both sides in one channel, so neither can be heard alone. */
  sides: 'mixed' | 'separate';
  /** The CDRs that say who called: by what they were found, how many, and their uniqueids, as far as they are kept. */
  cdrs: { by: string | null; rows: number; uniqueids: string[] };
  /** When it was imported (ms since 1970), who asked for that, and the job. */
  at: number;
  by: string;
  job: string;
};

/** The same without what leads to somebody: the name of the original has numbers, and its CDRs lead to them. */
export const withoutFile = (imported: Imported): Imported => ({
  ...imported,
  ...{ file: '', cdrs: { ...imported.cdrs, uniqueids: [] } },
});
