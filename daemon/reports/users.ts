import { auditGroups } from '../domain/assurance/audit.js';
import { mayDo, mayEver, type Person } from '../domain/people/person.js';
import { counted, type Report, type Row } from '../domain/report/report.js';
import { column, hidden, type Making, under } from './making.js';

const PAGE = 500;
/** So many changes are in the table. */
const MOST_CHANGES = 2_000;

/** Who may do what now, and how that changed in a period. */
export function usersReport({ catalogue, period, now }: Making): Report {
  const changes: Row[] = [];
  const counts = { people: 0, disabled: 0, admins: 0, hear: 0, tokens: 0 };

  return {
    title: 'Users and rights',
    method:
      'Every user as they were when the report was made, and every change of users, rights, passwords and API tokens that the audit log has of the period.',
    columns: [
      column('name', 'Name', 'text', 22),
      hidden('id', 'text'),
      column('roles', 'Roles', 'text', 16),
      column('reaches', 'Reaches', 'text', 26),
      column('grants', 'May also', 'text', 14),
      column('state', 'State', 'text', 12),
      column('source', 'Account', 'text', 11),
      under('source', 'second_factor', 'Second factor', 'text'),
      column('tokens', 'Tokens', 'count', 9),
      column('signed_in_at', 'Last sign-in', 'time', 17),
      column('created_at', 'Created', 'time', 17),
    ],
    async *rows() {
      const people = (await catalogue.people.list()).sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const user of people) {
        const tokens = (await catalogue.tokens.of(user.id)).filter(({ expiresAt }) => expiresAt > now).length;
        const { totp, passkeys } = await catalogue.factors.state(user.id);
        counts.people += 1;
        counts.tokens += tokens;
        if (user.disabledAt !== null) counts.disabled += 1;
        else {
          if (mayDo(user, 'people')) counts.admins += 1;
          if (mayEver(user, 'play')) counts.hear += 1;
        }
        yield [
          ...[user.name, user.id, user.roles.join(', '), reaches(user), user.grants.join(', ')],
          ...[user.disabledAt === null ? 'active' : 'disabled', user.source],
          [totp ? 'app' : '', passkeys > 0 ? 'passkey' : ''].filter(Boolean).join(', ') || 'none',
          ...[tokens, user.signedInAt, user.createdAt],
        ];
      }
    },
    async findings() {
      for (let before: number | undefined; ; ) {
        const page = await catalogue.audit.entries({
          ...{ actions: auditGroups.people, from: period.begins, to: period.ends, limit: PAGE },
          ...(before === undefined ? {} : { before }),
        });
        for (const { seq, at, actor_name: by, action, object_id: of, detail } of page)
          if (changes.length < MOST_CHANGES)
            changes.push([seq, Date.parse(at), by, action, of, JSON.stringify(detail)]);
        if (page.length < PAGE) break;
        before = page.at(-1)!.seq;
      }
      return {
        answer: [
          `There ${counts.people === 1 ? 'is' : 'are'} ${counted(counts.people, 'user')}, of whom ${counts.disabled} ${counts.disabled === 1 ? 'is' : 'are'} disabled.`,
          `${counted(counts.admins, 'user')} may change who may do what, and ${counted(counts.hear, 'user')} may listen to recordings.`,
          `${counted(counts.tokens, 'API token is', 'API tokens are')} valid. ${counted(changes.length, 'change is', 'changes are')} in the audit log of this period.`,
        ],
        caveats:
          changes.length < MOST_CHANGES ? [] : [`The table of changes has the newest ${MOST_CHANGES} only.`],
        tables: [
          {
            key: 'changes',
            title: 'Changes in this period',
            columns: [
              column('entry', 'Entry', 'count', 9),
              column('at', 'When', 'time', 18),
              column('by', 'By', 'text', 16),
              column('action', 'What', 'text', 16),
              column('object_id', 'Of', 'text', 22),
              column('detail', 'Detail', 'text', 38),
            ],
            rows: changes,
          },
        ],
      };
    },
  };
}

function reaches(user: Person): string {
  const parts = [
    ...(user.roles.includes('admin') || user.roles.includes('auditor') ? ['every call'] : []),
    ...(user.roles.includes('reviewer') && user.scope.all ? ['every call'] : []),
    ...user.scope.extensions.map((name) => `extension ${name}`),
    ...user.scope.queues.map((name) => `queue ${name}`),
    ...user.scope.dids.map((name) => `DID ${name}`),
    ...user.extensions.map((name) => `own extension ${name}`),
  ];
  return [...new Set(parts)].join(', ');
}
