import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import { type About, type AuditAction, entryOf } from '../../../daemon/domain/assurance/audit.js';
import { RETENTION_RUN } from '../../../daemon/domain/certificate/certificate.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import type { RecordingId } from '../../../daemon/domain/recording/recording.js';
import { aNotice, aPlaying } from '../catalogue/every-row.js';
import { recorded } from '../catalogue/opened.js';
import { certifying } from '../certificates/certifying.js';
import { aCall, aRecording } from '../recordings/a-call.js';
import { noted } from '../words.js';

/** When reports of this site are made, and its zone. */
export const NOW = Date.parse('2026-11-15T10:00:00Z');
export const ZONE = 'Europe/Berlin';

/** What callers and colleagues are called who mean harm, and some who do not. */
export const HOSTILE = [
  '=HYPERLINK("http://evil.example";"Ada")',
  "+1+cmd|' /C calc'!A0",
  '-2+3',
  '@SUM(1)',
  '\uff1dSUM(1)',
  '<script>alert(1)</script>',
  'a "quoted", name\r\n=1+1',
  '\u202egnp.exe',
  'محمد بن عبد الله',
  'W'.repeat(64),
] as const;

const RULE = {
  ...{ name: 'Orders', reason: 'Agreed with the works council', when: {}, keep_days: 90 },
  ...{ purpose: 'Proof of orders', legal_basis: 'Art. 6(1)(b) GDPR' },
};
const DAY = 86_400_000;
const id = (n: number): string => `01JA0000000000000000000${String(n).padStart(3, '0')}`;

/**
 * A site with calls of October and November 2026: kept, due, held, kept for ever, erased on a certificate, not recorded; and parties with
 * hostile names. `key` signs the certificate.
 */
export async function aSite(
  plain: Catalogue,
  key: Parameters<typeof certifying>[0]['key'],
): Promise<{ ids: RecordingId[] }> {
  let clock = Date.parse('2026-09-20T07:00:00Z');
  const catalogue = withEntries(plain, { clock: () => clock, later: async () => {} });
  await catalogue.ledger.began(FIRST, clock);
  const version = await catalogue.policy.save({ ...defaultPolicy, retention: [RULE] }, 'anna', clock, 0);
  const began = Date.parse('2026-10-01T08:00:00Z');
  const ids: RecordingId[] = [];
  for (const [n, name] of HOSTILE.entries()) {
    const startedAt = began + n * 2 * DAY;
    const them = { number: `+4930123${String(n).padStart(2, '0')}`, name, ours: false };
    await catalogue.calls.save(aCall(id(n), { startedAt, them }));
    await catalogue.recordings.sealed(
      aRecording(id(n), id(n), {
        ...{ keepRule: 'Orders', keepVersion: version, keepFrom: startedAt, sealedAt: startedAt + 60_000 },
        // The first three are past their date, two of the others due in December.
        keepUntil: n < 3 ? NOW - DAY : n < 5 ? Date.parse('2026-12-10T23:00:00Z') : startedAt + 400 * DAY,
        keepWhy: noted('Orders: Agreed with the works council'),
      }),
      Buffer.alloc(9),
      recorded,
    );
    ids.push(id(n));
  }
  const forEver = id(20);
  await catalogue.calls.save(aCall(forEver, { startedAt: began + 3_600_000, queue: 'support' }));
  await catalogue.recordings.sealed(
    aRecording(forEver, forEver, { sealedAt: began }),
    Buffer.alloc(9),
    recorded,
  );
  await catalogue.calls.save(aCall(id(21), { startedAt: began + 7_200_000, answeredAt: null }));
  // The last moment of October in Berlin, and the first of November; and the hour that comes twice.
  for (const [n, at] of [
    [30, '2026-10-31T22:59:59.999Z'],
    [31, '2026-10-31T23:00:00Z'],
    [32, '2026-10-25T00:30:00Z'],
    [33, '2026-10-25T01:30:00Z'],
  ] as const)
    await catalogue.calls.save(aCall(id(n), { startedAt: Date.parse(at) }));

  const ada = { actor: 'person', actor_id: 'U7', actor_name: '@ada', address: '10.0.0.9' } as const;
  const heard = (at: string, action: AuditAction, more: About = {}) =>
    catalogue.audit.append(
      entryOf(ada, Date.parse(at), action, { object: 'call', object_id: id(0), ...more }),
    );
  await heard('2026-10-02T09:00:00Z', 'play', { reason: '=Complaint' });
  await heard('2026-10-02T09:01:00Z', 'heard', { detail: { heard: '0-83', total_ms: 83_000 } });
  // What was sent beyond that, as the dashboard says at the end of a playback: no other one.
  await heard('2026-10-02T09:02:00Z', 'play', { detail: { bytes: 9_000, player: true } });
  await heard('2026-10-03T09:00:00Z', 'play', { outcome: 'refused' });
  await heard('2026-10-03T10:00:00Z', 'export', { object: 'coverage', object_id: '' });
  await heard('2026-10-03T11:00:00Z', 'token_add', { object: 'person', object_id: 'U7' });
  const more = { ...RULE, name: '=New', keep_days: 30 };
  await catalogue.policy.save(
    { ...defaultPolicy, retention: [RULE, more] },
    '-ben',
    Date.parse('2026-10-20T12:00:00Z'),
    version,
  );
  const none = { scope: { all: false, extensions: [], queues: [], dids: [] }, extensions: [], grants: [] };
  await catalogue.people.add({
    ...{ ...none, id: 'U7', name: '@ada', passwordHash: 'x', createdAt: clock },
    roles: ['auditor'],
  });
  await catalogue.watch.open(FIRST, Date.parse('2026-10-04T10:00:00Z'), noted('=Restarted'));
  await catalogue.watch.close(FIRST, Date.parse('2026-10-04T10:30:00Z'));

  await catalogue.notices.decide({ ...aNotice(id(0)), rule: '=Rule' });
  await catalogue.notices.tell(aPlaying(id(0)));

  clock = NOW - 3 * DAY;
  await catalogue.holds.open(
    {
      ...{ id: 'M1', name: '=1+1 v. Example', reason: 'Litigation', query: null, openedBy: 'anna' },
      openedAt: clock,
    },
    [ids[1]!],
  );
  const certify = certifying({
    ...{ catalogue, key, clock: () => clock, hasKey: () => false, hasFile: () => false },
  });
  await certify.begin({
    ...RETENTION_RUN,
    requestedBy: { actor: 'person', id: 'U1', name: '=cmd|calc' },
    reason: 'Cleaning up',
  });
  const why = because('due', { rule: 'Orders', why: noted('Agreed') });
  await catalogue.recordings.eraseIntended(ids[2]!, why, clock);
  await catalogue.recordings.erased(ids[2]!, clock);
  await certify.close();
  return { ids };
}
