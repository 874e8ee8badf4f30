import type { Directive } from '../domain/call/directive.js';
import type { CallId } from '../domain/recording/recording.js';

/** What was said about the recording of calls. Nothing of it is changed or removed while its call is there. */
export interface Directives {
  /** Keeps one, and gives it with its number. Throws `call_unknown`. */
  add(directive: Omit<Directive, 'seq'>): Promise<Directive>;
  /** What was said of a call, and of those that became part of it, in the order in which it was kept. */
  of(id: CallId): Promise<Directive[]>;
}
