import t from 'tap';
import { aDay } from '../../support/pbx/told/day.js';

t.test(
  'the report on how people were told agrees with what they heard, of a day of calls of every mode',
  (t) => aDay(t, 22),
);
