import { actKinds } from '../../../daemon/domain/people/act.js';
import type { Proof } from '../../../daemon/domain/people/factor.js';
import { hashed } from '../../../daemon/ops/secrets/codes.js';
import type { Proofs } from '../../../daemon/requests/proofs.js';
import type { createSessionStore } from '../../../web/store/sessions.js';

/** What a proof is given for, where it is all the same. */
export const TOKENS = { kind: 'tokens', object: '' } as const;

type Proving = {
  store: { sessions: Pick<ReturnType<typeof createSessionStore>, 'byToken'> };
  proofs: Proofs;
  now: () => number;
};

/** As if somebody had just shown who they are by these, for every kind of act: most tests are about something else. */
export function proveAll(
  { store, proofs: seen, now }: Proving,
  cookie: string,
  proofs: Proof[] = ['password'],
): void {
  const token = cookie.replace(/^[^=]*=/, '');
  const { id, userId, epoch } = store.sessions.byToken(hashed(token), now())!;
  for (const proof of proofs)
    for (const kind of actKinds) seen.add(id, { id: userId, epoch }, proof, { kind, object: null });
}
