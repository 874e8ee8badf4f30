import { parse } from 'csv-parse/sync';
import t from 'tap';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { site } from '../../support/cli-site.js';
import { aCdr } from '../../support/ledger.js';
import { aCall } from '../../support/recordings/a-call.js';

t.test('the command line shows who was told, as text, as JSON and as a table', async (t) => {
  const { tapedeck, catalogue } = site(t);
  const c = await catalogue();
  const startedAt = Date.UTC(2026, 6, 26, 8);
  const leg = (id: string, ours: boolean) => ({
    ...{ id, party: { number: '=1+1', name: id, ours }, endpoint: id },
    ...{ seenAt: startedAt, upAt: startedAt + 5_000, goneAt: startedAt + 35_000 },
  });
  const recorded = { status: 'recorded', why: null, rule: null, missingMs: 0 } as const;
  for (const id of ['TOLD', 'UNTOLD']) {
    await c.calls.save(aCall(id, { startedAt, legs: [leg('L', true), leg('M', false)] }), recorded);
    await c.notices.decide({ ...aNotice(id), purposeAndIdentity: true });
  }
  await c.notices.tell(aPlaying('TOLD'));
  // What nobody decided or knows of is in the report as well.
  await c.calls.save(aCall('UNDECIDED', { startedAt, legs: [leg('L', true), leg('M', false)] }), recorded);
  await c.calls.save(aCall('EXCLUDED', { startedAt }), { ...recorded, status: 'excluded' });
  await c.calls.save(aCall('IMPORTED', { startedAt }), { ...recorded, status: 'imported' });
  await c.calls.save(aCall('RANG', { startedAt, answeredAt: null }), { ...recorded, status: 'none' });
  const strange = aCdr('2.1', { startAt: startedAt, answerAt: startedAt + 1_000, endAt: startedAt + 9_000 });
  await c.ledger.add([strange], 'AMI', startedAt);
  await c.ledger.saveAccounts(
    [
      {
        ...{ pbx: FIRST, id: '2.1', callId: null, linkedid: strange.linkedid, startedAt: strange.startAt },
        ...{ answeredAt: strange.answerAt, endedAt: strange.endAt, alone: false, cdrs: [strange] },
      },
    ],
    [],
  );
  const period = ['--from', '2026-07-01', '--to', '2026-07-31'];

  const text = await tapedeck('consent-report', ...period);
  t.match(text, /^2026-07-01 to 2026-07-31/);
  t.match(
    text,
    /4 answered calls: 0 agreed, 0 stated by our own side, 0 refused, 1 told, 0 told in part, 2 not told, 1 not required, 0 not/,
  );
  t.match(text, /1 more answered calls are known only from the CDRs of the PBX/);
  t.match(text, /Told: 1 with everybody told, 0 with somebody not told, 2 with nobody told/);
  t.match(text, /Modes: 2 announce, 2 not decided\./);
  t.match(
    text,
    /Who records, and what for: said in 0 calls, not said in 1 where the law of a place asks for it/,
  );
  t.match(text, /UNTOLD/, 'exceptions are listed');
  t.notMatch(text, / TOLD/);

  const json = JSON.parse(await tapedeck('consent-report', ...period, '--json', '--show', 'all'));
  t.match(json, { calls_total: 4, totals: { told: { all: 1, nobody: 2 }, exceptions: 2 }, only_in_cdrs: 1 });
  const coverage = JSON.parse(await tapedeck('coverage', ...period, '--json'));
  t.equal(coverage.totals.answered, json.totals.calls + json.only_in_cdrs, 'as many as coverage counts');
  const undecided = JSON.parse(await tapedeck('consent-report', ...period, '--json', '--show', 'not_told'));
  t.match(
    undecided.calls.find((one: { call_id: string }) => one.call_id === 'UNDECIDED'),
    {
      ...{ mode: null, language: null, policy_version: null, status: 'not_told', findings: ['untold'] },
    },
  );
  t.match(
    json.calls.find((one: { call_id: string }) => one.call_id === 'UNTOLD'),
    {
      ...{ told: 'nobody', findings: ['untold'], mode: 'announce', coverage: 'recorded' },
      untold: [{ name: 'L' }, { name: 'M' }],
    },
  );

  const unsaid = await tapedeck('consent-report', ...period, '--csv', '--show', 'purpose_unsaid');
  t.match(parse(unsaid, { columns: true }), [{ call_id: 'TOLD', purpose: 'unsaid', findings: '' }]);

  const csv = await tapedeck('consent-report', ...period, '--csv', '--show', 'all');
  const rows = parse(csv, { columns: true }) as Record<string, string>[];
  t.same(
    rows.map(({ call_id, told, status }) => [call_id, told, status]),
    [
      ['UNTOLD', 'nobody', 'not_told'],
      ['UNDECIDED', 'nobody', 'not_told'],
      ['TOLD', 'all', 'told'],
      ['EXCLUDED', 'not_needed', 'not_required'],
    ],
  );
  t.equal(rows[0]?.untold, 'L =1+1, M =1+1');
  t.match(
    await tapedeck('consent-report', '--from', '2020-01-01', '--to', '2020-01-31'),
    /No answered calls\./,
  );
  await t.rejects(tapedeck('consent-report', '--from', '2026-08-01', '--to', '2026-07-01'), {
    code: 'request_invalid',
  });
});
