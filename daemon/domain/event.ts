import type { LegId } from './recording.js';

/**
 * What the PBX tells, in the words of the domain. `at` is milliseconds since 1970 by the PBX's clock where it gives one,
 * else when the event was received. Text is cleaned and capped already.
 */
export type LegFacts = {
  id: LegId;
  /** Technology and endpoint, such as "PJSIP/100-00000013". Never part of a path. */
  channel: string;
  /** The PBX's name for the conversation; it may change in mid-call. */
  linkedid: string;
  state: 'down' | 'ring' | 'ringing' | 'up' | 'other';
  number: string;
  name: string;
  connectedNumber: string;
  connectedName: string;
  context: string;
  exten: string;
  dnid: string;
};

export type DialStatus = 'trying' | 'ringing' | 'answered' | 'busy' | 'no_answer' | 'cancelled' | 'failed';

export type PbxEvent =
  | { kind: 'leg'; at: number; leg: LegFacts }
  | { kind: 'leg-gone'; at: number; leg: LegFacts; cause: number }
  | { kind: 'bridged'; at: number; leg: LegFacts; bridge: string; waiting: boolean }
  | { kind: 'unbridged'; at: number; leg: LegFacts; bridge: string }
  | { kind: 'hold'; at: number; leg: LegFacts }
  | { kind: 'unhold'; at: number; leg: LegFacts }
  /** `number` is what was sent to a line to the outside, from the dial string. */
  | { kind: 'dial'; at: number; from: LegFacts | null; to: LegFacts; status: DialStatus; number: string }
  | { kind: 'transfer'; at: number; how: 'blind' | 'attended'; by: LegId; to: string }
  | {
      kind: 'queue';
      at: number;
      legId: LegId;
      step: 'join' | 'leave' | 'agent';
      queue: string;
      agent: string;
    }
  | { kind: 'parked'; at: number; legId: LegId; space: string }
  | { kind: 'unparked'; at: number; legId: LegId; by: string }
  | { kind: 'pickup'; at: number; legId: LegId; by: string }
  | { kind: 'snoop-up'; at: number; id: string }
  | { kind: 'snoop-gone'; at: number; id: string }
  | { kind: 'spool-started'; at: number; name: string }
  | { kind: 'spool-finished'; at: number; name: string }
  | { kind: 'spool-failed'; at: number; name: string; reason: string }
  /** Everything there is now: what is not in it has gone while we were not listening. */
  | {
      kind: 'snapshot';
      at: number;
      legs: LegFacts[];
      bridges: { id: string; legs: LegId[]; waiting: boolean }[];
    };
