import { signal } from '@preact/signals';
import { api, type CallDetail } from './api.js';

export type Taken = 'play' | 'download';
type Asked = { call: CallDetail; right: Taken; go: () => void };

/** What waits for a reason; the dialog asks for it. */
export const asked = signal<Asked | null>(null);
/** The last reason, for as long as the page is open. */
export const lastReason = signal('');
const said = new Set<string>();

const name = (call: { id: string }, right: Taken) => `${right} ${call.id}`;

/** Does it, after whoever has to say why has said it. */
export function withReason(call: CallDetail, right: Taken, go: () => void): void {
  if (needsNoReason(call, right)) go();
  else asked.value = { call, right, go };
}

/** Gives the reason for what waits, and does it. Throws what the server answers. */
export async function sayWhy(reason: string): Promise<void> {
  const waits = asked.value;
  if (!waits) return;
  await api.listen(waits.call.id, waits.right, reason);
  lastReason.value = reason;
  said.add(name(waits.call, waits.right));
  asked.value = null;
  waits.go();
}

/** Whether it can be done without asking why. */
export const needsNoReason = (call: CallDetail, right: Taken): boolean =>
  !call.you.reason || said.has(name(call, right));

/** The server has forgotten the reason: it is asked for again. */
export const forgotten = (call: CallDetail, right: Taken): void => void said.delete(name(call, right));
