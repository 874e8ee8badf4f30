import type { CheckpointMode } from './wal.js';

export function moveLog(given: { path: string; mode: CheckpointMode }): boolean;
