import { ANY_CALL } from '../../../../daemon/domain/retention/hold.js';
import type { Dashboard } from '../dashboard.js';

/** An open matter of this name, whose query asks for this text too, and which holds nothing. */
export async function fillHolds({ catalogue, now }: Dashboard, text: string): Promise<void> {
  const query = { ...ANY_CALL, text: `${text} of nobody`, queues: [text.slice(0, 80)] };
  const matter = { id: 'M1', name: text, reason: text, query, openedBy: text, openedAt: now() - 9e8 };
  await catalogue.holds.open(matter);
  while (!(await catalogue.holds.apply('M1', 1_000, now())));
}
