import type { Scenario } from './scenario.js';
import { media } from './scenarios-media.js';
import { plain } from './scenarios-plain.js';
import { transfers } from './scenarios-transfer.js';

/** Everything that can happen to a call. The long one comes first: the others play meanwhile. */
export const scenarios: Scenario[] = [...plain, ...transfers, ...media];
