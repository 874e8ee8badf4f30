import t from 'tap';
import { disclosedOf } from '../../../daemon/domain/privacy/disclosure.js';
import { because, type Why } from '../../../daemon/domain/reason/reason.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';

const NOW = Date.parse('2026-05-20T10:00:00Z');
const DAY = 86_400_000;
const held = because('legal_hold', { matters: ['Smith v. Example'] });
const minimum = (until: number) => because('before_minimum', { until, rule: 'Sales' });
const keptUntil = (keepUntil: number | null, guard: Why | null) =>
  disclosedOf(
    'access',
    { zone: 'Europe/Berlin', now: NOW },
    aCall('C'),
    aRecording('R', 'C', { keepUntil }),
    { purpose: '', basis: '' },
    { fate: 'give', why: null, guard, file: null, heardMs: 0, silent: false },
  ).keptUntil;

t.test('no recording is said to be kept until a day that is over', async (t) => {
  t.equal(keptUntil(null, null), 'No end date');
  t.equal(keptUntil(NOW + DAY, null), '2026-05-21 12:00:00');
  t.equal(keptUntil(NOW - DAY, null), 'Due to be erased');
  t.equal(keptUntil(NOW, null), 'Due to be erased');
  t.equal(keptUntil(NOW - DAY, held), 'Longer than planned: it is needed for a legal claim');
  t.equal(keptUntil(NOW + DAY, held), 'At least 2026-05-21 12:00:00: it is needed for a legal claim');
  t.equal(keptUntil(NOW - DAY, minimum(NOW + 2 * DAY)), '2026-05-22 12:00:00');
  t.equal(keptUntil(NOW + 3 * DAY, minimum(NOW + 2 * DAY)), '2026-05-23 12:00:00');
});
