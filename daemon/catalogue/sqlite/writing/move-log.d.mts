/** What the thread of wal.ts is asked for. PASSIVE waits for nobody; RESTART has the log begin anew; TRUNCATE empties its file too. */
export type CheckpointMode = 'PASSIVE' | 'RESTART' | 'TRUNCATE';
export function moveLog(given: { path: string; mode: CheckpointMode }): boolean;
