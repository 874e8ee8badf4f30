import t from 'tap';
import { tellAll } from '../../support/pbx/told/calls.js';
import { maskAll } from '../../support/pbx/told/masked.js';

/** People are told of the recording of their calls, by the whole recorder. */
t.jobs = 2;
t.test('people are told', { buffered: true }, (t) => tellAll(t, 22));
t.test('calls are masked', { buffered: true }, (t) => maskAll(t, 22));
