import type { CallRecord, Coverage, Recording } from '../domain/recording/recording.js';

export type StoredCall = CallRecord & { coverage: Coverage; recording: Recording | null };
