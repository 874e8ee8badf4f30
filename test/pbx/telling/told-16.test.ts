import t from 'tap';
import { tellAll } from '../../support/pbx/told/calls.js';

/** People are told of the recording of their calls, by the whole recorder. */
t.setTimeout(420_000);
await tellAll(t, 16);
