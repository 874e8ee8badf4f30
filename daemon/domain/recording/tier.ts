import { TapedeckError } from '../error.js';

/**
 * Where its file is kept. `moving`: it is on its way to the archive, and may be in either place, or in both. `gone`: it was archived
 * and erased, and nothing is left of it there; while an erased one has another tier than `hot`, its file is still to be removed.
 */
export const tiers = ['hot', 'moving', 'archive', 'gone'] as const;
export type Tier = (typeof tiers)[number];

/** Whether the archive may have the file of a recording, by what its row says. */
export const mayBeArchived = (tier: Tier = 'hot'): boolean => tier === 'moving' || tier === 'archive';

/** Whether an error says that nobody can tell now what is in the archive. */
export const isUnreachable = (e: unknown): boolean =>
  e instanceof TapedeckError && e.code === 'archive_unreachable';

/** How many recordings a tier has, and how many bytes their files have. */
export type Held = { recordings: number; bytes: number };

/** What is known of the archive. */
export type ArchiveStatus = {
  /** Empty: none is configured. */
  directory: string;
  /** Why it cannot be used, in words; null when it can, or was not looked at yet. */
  problem: string | null;
  freeBytes: number | null;
  totalBytes: number | null;
  hot: Held;
  archive: Held;
  /** Erased recordings whose files are still there, because it could not be reached. */
  left: number;
};
