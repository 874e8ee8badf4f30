import type { LegId } from '../recording/recording.js';
import type { DirectiveKind } from './directive.js';

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
  /** Account code of this leg; that of a leg which is being dialled turns into that of who calls. */
  account: string;
  /** Channel variables that the PBX was told to send, without those that are empty. */
  variables: Readonly<Record<string, string>>;
  /** When the channel came to be, by the PBX, ms since 1970; null where it does not say. */
  createdAt: number | null;
};

/** "Local/102@internal-00000000;1" is half 1 of "Local/102@internal-00000000". */
export type LinkHalf = { name: string; half: 1 | 2 };

export type DialStatus = 'trying' | 'ringing' | 'answered' | 'busy' | 'no_answer' | 'cancelled' | 'failed';

export type PbxEvent =
  | { kind: 'leg'; at: number; leg: LegFacts }
  | { kind: 'leg-gone'; at: number; leg: LegFacts; cause: number }
  /** `waiting`: a parking lot or the like, which holds strangers. `conference`: its name. */
  | { kind: 'bridged'; at: number; leg: LegFacts; bridge: string; waiting: boolean; conference?: string }
  | { kind: 'unbridged'; at: number; leg: LegFacts; bridge: string; conference?: string }
  /** A half of a Local channel is in a bridge, or in none: two bridges that the halves are in are one conversation. */
  | { kind: 'link'; at: number; link: LinkHalf; bridge: string | null }
  | { kind: 'link-gone'; at: number; link: LinkHalf }
  /** Whoever is on the leg has hung up or given up; it is not the PBX that ends it. */
  | { kind: 'hung-up'; at: number; leg: LegFacts }
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
  /**
   * A key was pressed on a leg, and let go at `at`: the one event with what nobody may keep. It is told only where something
   * needs it, goes to the recogniser (`codes`), and into no log, row or file.
   */
  | { kind: 'digit'; at: number; legId: LegId; digit: string }
  /**
   * The dialplan, a feature code or another program says it of a call by a UserEvent: on which leg, or else by which
   * linkedid. Both are empty where nothing says which call is meant.
   */
  | { kind: 'said'; at: number; what: DirectiveKind; legId: LegId | null; linkedid: string }
  | { kind: 'snoop-up'; at: number; id: string }
  | { kind: 'snoop-gone'; at: number; id: string }
  | { kind: 'spool-started'; at: number; name: string }
  | { kind: 'spool-finished'; at: number; name: string }
  | { kind: 'spool-failed'; at: number; name: string; reason: string }
  | Telling
  | Snapshot;

/**
 * What is played into a call, and what a dialplan told of the consent of who is on a leg. `ok` is false for a prompt that could
 * not be played; one that was cut off by the end of its channel may still be called ok.
 */
export type Telling =
  | { kind: 'prompt-started'; at: number; id: string }
  | { kind: 'prompt-finished'; at: number; id: string; ok: boolean }
  | {
      kind: 'consent';
      at: number;
      legId: LegId;
      answer: 'told' | 'yes' | 'no';
      /** The name of what was played, its language, and the key that was pressed; empty where there was none. */
      prompt: string;
      language: string;
      digit: string;
      /** It was read from the leg after a time in which nobody listened. */
      unseen?: true;
    };

/** What only AMI tells of a leg. */
export type LegStory = Extract<PbxEvent, { kind: 'queue' | 'parked' | 'unparked' | 'pickup' }>;

/** When a leg was answered, ms since 1970: `from` equals `to`, unless it is only known to lie between them. */
export type Answered = { from: number; to: number };

/** Everything there is now: what is not in it has gone while we were not listening. */
export type Snapshot = {
  kind: 'snapshot';
  at: number;
  legs: LegFacts[];
  bridges: { id: string; legs: LegId[]; waiting: boolean }[];
  /** The halves of Local channels that are in bridges. */
  links?: { link: LinkHalf; bridge: string }[];
  /** Ids of the snoops that there are, ours or not. */
  snoops: string[];
  /** The legs that they listen to, by their ids. */
  snooped?: ReadonlyMap<string, LegId>;
  /** When legs were answered that nobody watched being answered. */
  answered?: ReadonlyMap<LegId, Answered>;
};
