import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { ConsentFault } from '../state/api-consents.js';

/** What is wrong with something that was to be entered. */
export const faultText = ({ code, text }: ConsentFault): string =>
  t.consents.faults[code]({ text: clean(text) });
