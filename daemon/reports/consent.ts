import { consentCalls } from '../catalogue/consent.js';
import { bounds } from '../domain/assurance/coverage.js';
import { counted, numberText, type Report } from '../domain/report/report.js';
import { consentCallView, createConsentReport } from '../domain/telling/consent-report.js';
import type { PurposeResult } from '../domain/telling/told.js';
import { column, hidden, type Making, under } from './making.js';

const PURPOSE: Record<PurposeResult, string> = {
  said: 'said',
  unsaid: 'not said',
  none: 'not required, not recorded, or nothing was heard',
};

const words = (code: string): string => code.replaceAll('_', ' ');

/** How people were told in a period that their calls are recorded, and what they answered. */
export function consentReport({ catalogue, period }: Making): Report {
  const report = createConsentReport({ filter: 'all', skip: 0, limit: 0 });
  let onlyInCdrs = 0;
  return {
    title: 'Answered calls, and how people were told',
    method:
      'Every call that began in the period and was answered, as the coverage report counts them. Of imported calls it is not known what people were told: they are left out. What was played is as the PBX says; what is in the recording was looked for in the sealed file.',
    columns: [
      column('started_at', 'Call began', 'time', 16),
      hidden('call_id', 'hash'),
      hidden('direction', 'text'),
      column('them_number', 'Other party', 'text', 20),
      under('them_number', 'them_name', 'Name', 'text'),
      column('us_number', 'At', 'text', 16),
      under('us_number', 'us_name', 'Name', 'text'),
      column('status', 'Consent', 'text', 14),
      column('mode', 'Mode', 'text', 14),
      column('told', 'Told', 'text', 12),
      under('told', 'untold', 'Not told', 'text'),
      column('answer', 'Answer', 'text', 12),
      column('found', 'In the recording', 'text', 14),
      hidden('purpose', 'text'),
      column('findings', 'Findings', 'text', 18),
      column('coverage', 'Recording', 'text', 14),
      hidden('language', 'text'),
      column('rule', 'Rule', 'text', 16),
      hidden('policy_version', 'count'),
      hidden('pbx', 'text'),
    ],
    async *rows() {
      onlyInCdrs = await catalogue.ledger.strangers(bounds(period));
      for await (const call of consentCalls(catalogue, { period, filter: 'all', pbx: null })) {
        report.add(call);
        const c = consentCallView(call);
        yield [
          ...[call.startedAt, c.call_id, c.direction, c.them.number, c.them.name, c.us.number, c.us.name],
          ...[words(c.status), c.mode ? words(c.mode) : 'not decided', words(c.told)],
          c.untold
            .map(({ number, name }) => [name, number].filter(Boolean).join(' ') || 'unknown')
            .join('; '),
          ...[
            words(c.answer),
            words(c.found),
            c.purpose,
            c.findings.map(words).join(', '),
            words(c.coverage),
          ],
          ...[c.language, c.rule, c.policy_version, c.pbx],
        ];
      }
    },
    findings() {
      const { totals } = report.result();
      const { statuses, told, answers, purpose, findings } = totals;
      return {
        answer:
          totals.calls === 0
            ? ['There is no answered call in this period.']
            : [
                totals.exceptions === 0
                  ? `There is no finding in ${counted(totals.calls, 'call')}.`
                  : `${counted(totals.exceptions, 'call')} of ${counted(totals.calls, 'call')} ${totals.exceptions === 1 ? 'has' : 'have'} a finding.`,
                `Everybody was told in ${counted(told.all, 'call')}, somebody was not in ${counted(told.some, 'call')}, and nobody was in ${counted(told.nobody, 'call')}; nobody had to be in ${counted(told.not_needed, 'call')}, and it is not known yet of ${counted(told.pending, 'call')}.`,
                `${counted(answers.refused, 'call was', 'calls were')} refused, ${counted(answers.agreed, 'was', 'were')} agreed to by all and ${numberText(answers.some)} by some, in ${numberText(answers.stated)} our own side stated a yes, and ${counted(answers.none, 'has', 'have')} no answer.`,
                ...(purpose.said + purpose.unsaid === 0
                  ? []
                  : [
                      `Where the law of a place asks that announcements say who records, and what for, they did in ${counted(purpose.said, 'call')}, and did not in ${numberText(purpose.unsaid)}.`,
                    ]),
              ],
        caveats:
          onlyInCdrs === 0
            ? []
            : [
                `${counted(onlyInCdrs, 'answered call is', 'answered calls are')} known only from the CDRs of the PBX, and not among these: Tapedeck told nobody in ${onlyInCdrs === 1 ? 'it' : 'them'}, and recorded nothing.`,
              ],
        tables: [
          {
            key: 'statuses',
            title: 'By consent',
            columns: [column('status', 'Consent', 'text', 60), column('calls', 'Calls', 'count', 40)],
            rows: [...Object.entries(statuses).map(([name, n]) => [words(name), n]), ['all', totals.calls]],
          },
          {
            key: 'findings',
            title: 'Findings',
            columns: [column('finding', 'Finding', 'text', 60), column('calls', 'Calls', 'count', 40)],
            rows: Object.entries(findings).map(([name, n]) => [words(name), n]),
          },
          {
            key: 'purpose',
            title: 'Who records, and what for',
            columns: [column('said', 'In announcements', 'text', 60), column('calls', 'Calls', 'count', 40)],
            rows: Object.entries(PURPOSE).map(([name, words]) => [words, purpose[name as PurposeResult]]),
          },
          {
            key: 'modes',
            title: 'By mode',
            columns: [
              column('mode', 'Mode', 'text', 26),
              column('calls', 'Calls', 'count', 10),
              column('all', 'All told', 'count', 12),
              column('some', 'Some told', 'count', 12),
              column('nobody', 'Nobody told', 'count', 14),
              column('pending', 'Not known yet', 'count', 14),
              column('not_needed', 'Nobody had to be', 'count', 12),
            ],
            rows: totals.modes.map((m) => [
              m.mode ? words(m.mode) : 'not decided',
              m.calls,
              m.all,
              m.some,
              m.nobody,
              m.pending,
              m.not_needed,
            ]),
          },
        ],
      };
    },
  };
}
