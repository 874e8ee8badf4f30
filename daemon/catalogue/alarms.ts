import type { KeptAlarm } from '../domain/operations/alarm.js';
import type { Delivery } from '../domain/operations/notice.js';

/** Alarms, and the messages about them. */
export interface Alarms {
  /** Writes an alarm as it is now; `key` and `raisedAt` name it. */
  save(alarm: KeptAlarm): Promise<void>;
  /** Of which something may still have to be said. */
  open(): Promise<KeptAlarm[]>;
  /** Those that are over, the last one first. */
  past(limit: number): Promise<KeptAlarm[]>;
  saveDelivery(delivery: Delivery): Promise<void>;
  /** Not yet taken by anybody nor given up, oldest first. */
  openDeliveries(): Promise<Delivery[]>;
  /** Drops alarms that were over, and messages that were made, before that time. */
  forget(before: number): Promise<void>;
}
