import type { Notice } from '../domain/operations/notice.js';

/** A way out of the building for messages about alarms, or for checkpoints of the audit log. */
export type Channel = {
  /** In words: it stands in alarms. */
  name: string;
  /** Whom it goes to, for people to read; never a secret. */
  target: string;
  /**
   * Sends one message and gives what the other side said. Throws when it has not been taken, also when that takes longer
   * than half a minute or `signal` ends it. The reason has no secret in it.
   */
  send(notice: Notice, signal: AbortSignal): Promise<string>;
  /** Nobody wants more of them than one in this time, in ms. */
  everyMs?: number;
};

/** Where the messages come from. */
export type Origin = { site: string; timeZone: string; healthUrl: string };
