import type { Readable } from 'node:stream';
import type { AuditEvent } from '../domain/assurance/audit.js';
import type { PackAsked, PackBegun, PackOrder } from '../domain/assurance/packing.js';
import type { Streamed } from '../domain/operations/control.js';
import { streamProgram } from '../ops/process/stream-program.js';

type Asks = {
  /** Puts the export on record. Throws `audit_unwritable`. */
  write(detail: AuditEvent['detail']): Promise<unknown>;
  /** Signs the log as it is now; gives the note. */
  sign(): Promise<string>;
};

/**
 * Has an evidence pack made by a process of its own. It gets the key of the one recording over a channel that only the two of them
 * have; entries and signatures are the recorder's. Resolves when the pack begins, which is after its entry was written.
 */
export async function runPack(
  order: PackOrder,
  asks: Asks,
  gone: AbortSignal,
): Promise<Streamed<'make_evidence', Readable>> {
  const { begun, stream } = await streamProgram<PackBegun, PackAsked>({
    ...{ built: 'dist/daemon/evidence.js', makes: 'evidence packs', order, gone },
    answer: async (asked) => ('write' in asked ? void (await asks.write(asked.write)) : asks.sign()),
  });
  return { head: begun, stream };
}
