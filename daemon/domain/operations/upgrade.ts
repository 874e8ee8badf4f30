import { type Static, Type } from 'typebox';

/** A copy is kept for so long, in ms, unless another upgrade makes one before. */
export const KEEP_COPY_MS = 7 * 86_400_000;
/** A copy of the same version that is older than this is made anew before the catalogue is changed, in ms. */
export const FRESH_COPY_MS = 3_600_000;

/**
 * Room that the migrations need beside the copy, as a share of the catalogue. Measured from the oldest version to the newest with a
 * million calls: the file grows by 0.7, its log by 0.2.
 */
const MIGRATION_SHARE = 1;

/** What an upgrade needs on the disk of the data directory, in bytes. */
export type RoomNeeded = { copies: number; migration: number; reserve: number; total: number };

/** Returns the room that an upgrade needs; sizes in bytes, logs included. */
export function roomNeeded(sizes: { catalogue: number; keys: number; reserve: number }): RoomNeeded {
  const copies = sizes.catalogue + sizes.keys;
  const migration = Math.ceil(sizes.catalogue * MIGRATION_SHARE);
  return { copies, migration, reserve: sizes.reserve, total: copies + migration + sizes.reserve };
}

/** What is known of a copy from before an upgrade, beside its files. Times are ms since 1970. */
export const UpgradeCopy = Type.Object({
  format: Type.Literal(1),
  at: Type.Integer(),
  /** The version of Tapedeck that made it. */
  by: Type.String(),
  catalogue: Type.Object({
    version: Type.Integer(),
    bytes: Type.Integer(),
    sha256: Type.String(),
    calls: Type.Integer(),
    recordings: Type.Integer(),
    audit: Type.Integer(),
  }),
  keys: Type.Object({ bytes: Type.Integer() }),
  /** The version that the catalogue was upgraded to since; null while it was not. */
  upgradedTo: Type.Union([Type.Integer(), Type.Null()]),
});
export type UpgradeCopy = Static<typeof UpgradeCopy>;

/** How far it is: migrations that were taken, of so many that there are to take. Times are ms since 1970. */
export const UpgradeProgress = Type.Object({
  phase: Type.Union([Type.Literal('copy'), Type.Literal('migrate'), Type.Literal('finish')]),
  done: Type.Integer({ minimum: 0 }),
  total: Type.Integer({ minimum: 0 }),
  since: Type.Integer(),
  /** When the recorder last said so; it does every few seconds. */
  seenAt: Type.Integer(),
  /** Why it waits; null while it goes on. */
  problem: Type.Union([
    Type.Object({ code: Type.String(), message: Type.String(), hint: Type.String() }),
    Type.Null(),
  ]),
});
export type UpgradeProgress = Static<typeof UpgradeProgress>;
export type UpgradePhase = UpgradeProgress['phase'];

/** So long after the recorder last said how far it is, it is not doing it any more, in ms. */
export const SILENT_MS = 20_000;

/** The share of an upgrade that is done, 0 to 1. */
export function shareDone({ phase, done, total }: Pick<UpgradeProgress, 'phase' | 'done' | 'total'>): number {
  if (phase === 'copy') return 0.05;
  if (phase === 'finish') return 0.95;
  return 0.2 + 0.75 * (total === 0 ? 1 : Math.min(1, done / total));
}
