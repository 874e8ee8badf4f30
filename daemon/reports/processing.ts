import type { Kind } from '../domain/personal/entry.js';
import { personalPlaces } from '../domain/personal/register.js';
import { NO_ORGANISATION, type OrganisationPart, organisationParts } from '../domain/report/processing.js';
import { counted, type Report, type Row } from '../domain/report/report.js';
import { column, type Making } from './making.js';

const SECTIONS = {
  controller: 'Controller and contacts (a)',
  purposes: 'Purposes and legal bases (b)',
  people: 'Categories of people (c)',
  data: 'Categories of data (c)',
  recipients: 'Recipients (d)',
  transfers: 'Transfers (e)',
  limits: 'Time limits (f)',
  measures: 'Security measures (g)',
} as const;

const DATA: Record<Kind, string> = {
  number: 'Telephone numbers of outside parties and of extensions',
  name: 'Names that the PBX reports for the parties of a call',
  text: 'Reasons, notes and other text that users type, and text of the PBX about a call',
  user: 'Names, sign-ins and actions of people who use Tapedeck',
  audio: 'Recordings of calls, and their waveforms',
  key: 'Keys, and hashes of passwords and codes',
  id: 'Ids that the PBX gives to the channels of a call',
};

const PEOPLE: readonly [string, string][] = [
  ['Outside parties', 'People who call the site, or who are called from it.'],
  ['Staff', 'People at extensions of the site.'],
  ['Users', 'People who use Tapedeck.'],
  ['People who made requests', 'People who asked about, or for the erasure of, recordings of themselves.'],
];

/** Of each section what is filled in by somebody, in its place. */
const ENTERED: Record<OrganisationPart, keyof typeof SECTIONS> = {
  ...{ controller: 'controller', controller_contact: 'controller', joint_controllers: 'controller' },
  ...{ representative: 'controller', dpo: 'controller', dpo_contact: 'controller' },
  ...{ recipients: 'recipients', transfers: 'transfers', measures: 'measures' },
};

const days = (n: number | null): string => (n === null ? 'no end' : counted(n, 'day'));

/** The record of processing activities that Article 30(1) GDPR asks for: what is known of it, and what is missing. */
export function processingReport({ catalogue, say, facts }: Making): Report {
  const missing: string[] = [];
  let known = 0;

  async function all(): Promise<Row[]> {
    const rows: Row[] = [];
    const add = (section: keyof typeof SECTIONS, item: string, says: string, from: string) => {
      if (says === '') missing.push(`${SECTIONS[section]}: ${item}.`);
      else known += 1;
      rows.push([SECTIONS[section], item, says || 'Missing', from]);
    };
    const kept = await catalogue.organisation.get();
    const organisation = kept?.organisation ?? NO_ORGANISATION;
    const entered = (section: keyof typeof SECTIONS) => {
      for (const [part, name] of Object.entries(organisationParts) as [OrganisationPart, string][])
        if (ENTERED[part] === section)
          add(
            section,
            name,
            organisation[part],
            organisation[part] && kept
              ? `entered by ${kept.changedBy}, ${say(kept.changedAt)}`
              : 'not entered',
          );
    };
    const { version, policy } = await catalogue.policy.newest();
    const source = version === 0 ? 'policy of a new box' : `policy version ${version}`;

    entered('controller');
    if (policy.retention.length === 0)
      add('purposes', 'Recording and keeping calls', '', `${source}, which has no retention rule`);
    for (const { name, purpose = '', legal_basis: basis = '' } of policy.retention) {
      add('purposes', `Purpose of rule "${name}"`, purpose, source);
      add('purposes', `Legal basis of rule "${name}"`, basis, source);
    }
    for (const [who, what] of PEOPLE) add('people', who, what, 'what Tapedeck records');
    const kinds = new Set(personalPlaces().flatMap(({ holds }) => holds));
    for (const kind of Object.keys(DATA) as Kind[])
      if (kinds.has(kind))
        add(
          'data',
          DATA[kind],
          'Place by place in the register ("tapedeck retention register").',
          'register of personal data',
        );

    for (const one of facts.recipients) add('recipients', one.item, one.says, one.from);
    for (const mailing of await catalogue.mailings.list())
      add(
        'recipients',
        `Report by email: ${mailing.report}`,
        `${mailing.attach ? 'The report' : 'A link'}, to ${mailing.recipients.map(({ address }) => address).join(', ') || 'nobody'}.`,
        `set up by ${mailing.setBy.name}`,
      );
    entered('recipients');
    entered('transfers');

    for (const { name, keep_days: keep } of policy.retention)
      add('limits', `Recordings, rule "${name}"`, keep === null ? 'No end date.' : `${days(keep)}.`, source);
    add(
      'limits',
      'Recordings of calls that match no rule',
      policy.retention.some(({ when }) => Object.keys(when).length === 0)
        ? 'There are none.'
        : 'No end date.',
      source,
    );
    for (const { name, kind, days: n } of policy.limits ?? [])
      add('limits', `Limit "${name}"`, `${kind === 'min' ? 'At least' : 'At most'} ${days(n)}.`, source);
    add(
      'limits',
      'Names and numbers of calls without audio',
      policy.metadata_days === undefined
        ? 'No end date.'
        : `${days(policy.metadata_days)} after there is no audio.`,
      source,
    );
    add('limits', 'Alarms and messages', '90 days after they are over.', 'fixed');
    add('limits', 'Requests of people', '24 months after the answer.', 'fixed');
    add('limits', 'Audit log', 'Entries are kept for good: they prove what was done.', 'fixed');
    for (const one of facts.measures) add('measures', one.item, one.says, one.from);
    const roles = await catalogue.factors.roles();
    add(
      'measures',
      'Second factor',
      roles.length === 0 ? 'Required for no role.' : `Required for: ${roles.join(', ')}.`,
      'settings of the dashboard',
    );
    const { shorten_retention: shorten, erase } = policy.approvals ?? {};
    const two = [
      'releasing a legal hold',
      ...(shorten ? ['shortening retention'] : []),
      ...(erase ? ['erasing by hand'] : []),
    ];
    add('measures', 'Two-person control', `For ${two.join(', ')}.`, source);
    entered('measures');
    return rows;
  }

  return {
    title: 'Record of processing activities',
    method:
      'Worked out when the report was created, from the policy and the configuration in force, the register of personal data, and what somebody entered on the page Reports. It has the parts of Article 30(1) GDPR, by their letters.',
    columns: [
      column('part', 'Part', 'text', 22),
      column('item', 'What', 'text', 28),
      column('says', 'Record', 'text', 36),
      column('source', 'From', 'text', 22),
    ],
    async *rows() {
      yield* await all();
    },
    findings: () => ({
      answer: [
        missing.length === 0
          ? 'The record has every part that Article 30(1) GDPR asks for.'
          : `The record is not complete: ${counted(missing.length, 'part is', 'parts are')} missing.`,
        `${counted(known, 'part')} of it ${known === 1 ? 'is' : 'are'} filled in.`,
      ],
      caveats: [
        'It describes what is so now, whatever the period.',
        'It describes this machine. The PBX, phones and people who handle calls have processing of their own.',
        ...missing.map((what) => `Missing: ${what}`),
      ],
      tables: [],
    }),
  };
}
