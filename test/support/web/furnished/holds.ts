import { digestOfShown } from '../../../../daemon/domain/approval/approval.js';
import { ANY_CALL } from '../../../../daemon/domain/retention/hold.js';
import { aPrivacyRequest } from '../../catalogue/privacy-request.js';
import type { Dashboard } from '../dashboard.js';

/**
 * An open matter of this name, whose query asks for this text too, and which holds nothing; a request for approval of its release, and
 * one of a person about recordings of theirs, with this text wherever one is typed.
 */
export async function fillHolds({ catalogue, now }: Dashboard, text: string): Promise<void> {
  const query = { ...ANY_CALL, text: `${text} of nobody`, queues: [text.slice(0, 80)] };
  const matter = { id: 'M1', name: text, reason: text, query, openedBy: text, openedAt: now() - 9e8 };
  await catalogue.holds.open(matter);
  while (!(await catalogue.holds.apply('M1', 1_000, now())));
  const shown = { matter: text, recordings: [text, text], more: { deep: { deeper: [text] }, yes: true } };
  await catalogue.approvals.ask({
    ...{ id: '01JDK3V7Q8ZM5T4R2XW9YB6C2A', act: 'erase', object: 'by hand', digest: digestOfShown(shown) },
    ...{ shown, reason: text, askedBy: { id: 'somebody', name: text }, alone: true },
    ...{ askedAt: now() - 9e7, expiresAt: now() + 9e8, notBefore: now() + 9e7 },
  });
  const numbers = ['+4930123444'];
  await catalogue.privacyRequests.add(
    aPrivacyRequest('P1', { name: text, contact: text, identity: text, numbers, enteredBy: text }),
  );
}
