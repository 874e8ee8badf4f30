import t from 'tap';
import { aDay } from '../../support/pbx/told/day.js';

/** The report on how people were told, of a day with calls of every mode. */
t.setTimeout(600_000);
await aDay(t, 22);
