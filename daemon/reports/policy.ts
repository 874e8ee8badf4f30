import { policyChanges } from '../domain/policy/policy-changes.js';
import { counted, type Report } from '../domain/report/report.js';
import { column, type Making } from './making.js';

/** How the policy changed in a period: each version against the one before it. */
export function policyReport({ catalogue, period, say }: Making): Report {
  let changes = 0;
  let lines = 0;
  let before = 0;
  return {
    title: 'Changes',
    method:
      'Every version of the policy that was saved in the period, compared with the version before it. Numbers of outside parties in rules are counted, not written.',
    columns: [
      column('version', 'Version', 'count', 10),
      column('changed_at', 'Saved', 'time', 18),
      column('changed_by', 'By', 'text', 18),
      column('change', 'Change', 'text', 70),
    ],
    async *rows() {
      const versions = (await catalogue.policy.versions()).sort((a, b) => a.version - b.version);
      for (const [n, one] of versions.entries()) {
        if (one.changedAt === null || one.changedAt < period.begins) {
          before = one.version;
          continue;
        }
        if (one.changedAt >= period.ends) return;
        changes += 1;
        const was = versions[n - 1];
        const said = was ? policyChanges(was.policy, one.policy) : ['The first policy.'];
        for (const line of said.length > 0 ? said : ['Nothing is different.']) {
          lines += 1;
          yield [one.version, one.changedAt, one.changedBy, line];
        }
      }
    },
    findings: () => ({
      answer: [
        changes === 0
          ? 'The policy was not changed in this period.'
          : `The policy was saved ${counted(changes, 'time')} in this period, with ${counted(lines, 'change')} in all.`,
        before === 0
          ? `There was no policy of the site's own before ${say(period.begins)}.`
          : `Version ${before} was in force when the period began.`,
      ],
      caveats: [],
      tables: [],
    }),
  };
}
