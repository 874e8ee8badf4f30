import { harmless } from '../csv.js';
import type { AuditEntry } from './audit.js';
import { canonical } from './canonical.js';

/** The audit log as a table. */
export const AUDIT_COLUMNS = [
  ...['seq', 'at', 'actor', 'actor_id', 'actor_name', 'address', 'action', 'object', 'object_id'],
  ...['outcome', 'reason', 'words', 'detail', 'hash'],
];

/** The cells of an entry, in the order of the columns. */
export const auditCells = (e: AuditEntry & { words: string | null }): string[] =>
  [
    ...[String(e.seq), e.at, e.actor, e.actor_id, e.actor_name, e.address, e.action, e.object, e.object_id],
    ...[e.outcome, e.reason, e.words ?? '', canonical(e.detail), e.hash],
  ].map(harmless);
