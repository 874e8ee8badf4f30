import { fail } from '../../domain/error.js';
import type { PrivacyRequest } from '../../domain/privacy/request.js';
import type { CliContext } from '../common/context.js';

/** Throws `privacy_unknown`. */
export async function requestNumbered(ctx: CliContext, given: string): Promise<PrivacyRequest> {
  const number = /^\d{1,9}$/.test(given) ? Number(given) : 0;
  const { privacyRequests } = await ctx.catalogue();
  const known = [...(await privacyRequests.open()), ...(await privacyRequests.closed(number + 1, 1))];
  const found = known.find((one) => one.number === number);
  if (!found) throw fail('privacy_unknown', `Request ${given}`);
  return found;
}
