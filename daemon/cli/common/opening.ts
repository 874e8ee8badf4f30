import { TapedeckError } from '../../domain/error.js';
import type { Recording } from '../../domain/recording/recording.js';
import { openSealed } from '../../vault/open.js';
import type { CliContext } from './context.js';

/** Opens recordings with their keys, as a player would. Where the keys cannot be used at all, no recording is at fault. */
export function createOpening(ctx: CliContext) {
  const missed = new Set<string>();
  let why: TapedeckError | null = null;
  return {
    get unopened() {
      return missed.size;
    },
    /** Why the keys cannot be used: the master key is missing, or keys.db. Null where they can, or were not needed. */
    get why() {
      return why;
    },
    missed: ({ id }: Recording) => missed.has(id),
    /** Throws `seal_damaged`, and `key_missing` where the key of this recording alone is missing. */
    async open(recording: Recording): Promise<void> {
      const keys = await ctx.keys().catch((e: unknown) => {
        if (!(e instanceof TapedeckError)) throw e;
        why = e;
        return null;
      });
      if (keys === null) return void missed.add(recording.id);
      await (await openSealed(ctx.recordings(), recording, await keys.identity(recording.id))).close();
    },
  };
}
export type Opening = ReturnType<typeof createOpening>;
