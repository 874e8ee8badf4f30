import { type Static, Type } from 'typebox';
import { Count, closed, Id, Key, Log, Time } from './backup.js';

/*
 * What a move leaves at a place for backups, signed with the key of the box, which both machines have by then:
 *
 *     moves/receipt.json    what the new machine has received: it had to open the backup and every key to sign this
 *     moves/handover.json   the last backup of the old machine, which records no more
 */
export const RECEIPT = 'moves/receipt.json';
export const HANDOVER = 'moves/handover.json';

export const Receipt = Type.Object(
  {
    type: Type.Literal('tapedeck receipt'),
    format: Type.Literal(1),
    /** The backup that was received, file by file. */
    backup: Id,
    at: Time,
    audit: Log,
    sealed: Count,
    /** Whether it was the last one, so that a recorder may start on the new machine. */
    taken_over: Type.Boolean(),
    key: Key,
  },
  closed,
);
export type Receipt = Static<typeof Receipt>;

export const Handover = Type.Object(
  {
    type: Type.Literal('tapedeck handover'),
    format: Type.Literal(1),
    backup: Id,
    at: Time,
    audit: Log,
    /** Whether the old machine took it back. */
    withdrawn: Type.Boolean(),
    key: Key,
  },
  closed,
);
export type Handover = Static<typeof Handover>;
