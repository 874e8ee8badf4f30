import type { ComponentChildren } from 'preact';
import { t } from '../messages/language.js';
import { mayDo, mayEver, sees } from '../state/rights.js';
import { later } from './later.js';
import { NoRight, NothingYet } from './no-right.js';

const [
  Calls,
  Coverage,
  Consent,
  Quality,
  Policy,
  Lists,
  Consents,
  Telling,
  Retention,
  Approvals,
  Holds,
  Requests,
  Certificates,
  Certificate,
  Reports,
  Audit,
  Health,
  People,
  Person,
  Account,
  Reference,
] = [
  later(() => import('../calls/calls.js').then((m) => m.CallsPage)),
  later(() => import('../coverage/coverage.js').then((m) => m.CoveragePage)),
  later(() => import('../consent/consent.js').then((m) => m.ConsentPage)),
  later(() => import('../quality/quality.js').then((m) => m.QualityPage)),
  later(() => import('../policy/policy.js').then((m) => m.PolicyPage)),
  later(() => import('../lists/lists.js').then((m) => m.ListsPage)),
  later(() => import('../consents/consents.js').then((m) => m.ConsentsPage)),
  later(() => import('../telling/telling.js').then((m) => m.TellingPage)),
  later(() => import('../retention/retention.js').then((m) => m.RetentionPage)),
  later(() => import('../approvals/approvals.js').then((m) => m.ApprovalsPage)),
  later(() => import('../holds/holds.js').then((m) => m.HoldsPage)),
  later(() => import('../requests/requests.js').then((m) => m.RequestsPage)),
  later(() => import('../certificates/certificates.js').then((m) => m.CertificatesPage)),
  later(() => import('../certificates/certificate.js').then((m) => m.CertificatePage)),
  later(() => import('../reports/reports.js').then((m) => m.ReportsPage)),
  later(() => import('../audit/audit.js').then((m) => m.AuditPage)),
  later(() => import('../health/health.js').then((m) => m.HealthPage)),
  later(() => import('../people/people.js').then((m) => m.PeoplePage)),
  later(() => import('../people/person.js').then((m) => m.PersonPage)),
  later(() => import('../account/account.js').then((m) => m.AccountPage)),
  later(() => import('../reference/reference.js').then((m) => m.ReferencePage)),
];

export const groups = ['work', 'assurance', 'administration'] as const;

type Page = {
  name: string;
  /** Its address, and how those begin of what belongs to it; that may be a page of another name. */
  href: string;
  below?: string;
  nameBelow?: string;
  title: () => string;
  /** Where the navigation has it; nowhere when left out. */
  group?: (typeof groups)[number];
  may: () => boolean;
  later: { preload: () => Promise<unknown> };
  /** `id` is what follows `below` in the address, or null. */
  view: (id: string | null) => ComponentChildren;
};

const oversees = () => mayDo('oversee');

/** Every page there is, in the order of the navigation. */
const pages: Page[] = [
  {
    ...{ name: 'calls', href: '/', below: '/calls', title: () => t.calls.title, group: 'work' },
    ...{ may: () => mayEver('view'), later: Calls },
    view: (id) => (mayEver('view') && sees() !== 'none' ? <Calls.View chosen={id} /> : <NothingYet />),
  },
  {
    ...{ name: 'coverage', href: '/coverage', title: () => t.coverage.title, group: 'assurance' },
    ...{ may: oversees, later: Coverage, view: () => <Coverage.View /> },
  },
  {
    ...{ name: 'consent', href: '/consent-report', title: () => t.consent.title, group: 'assurance' },
    ...{ may: oversees, later: Consent, view: () => <Consent.View /> },
  },
  {
    ...{ name: 'quality', href: '/quality', title: () => t.quality.title, group: 'assurance' },
    ...{ may: oversees, later: Quality, view: () => <Quality.View /> },
  },
  {
    ...{ name: 'retention', href: '/retention', title: () => t.retention.title, group: 'assurance' },
    ...{ may: oversees, later: Retention, view: () => <Retention.View /> },
  },
  {
    ...{ name: 'approvals', href: '/approvals', title: () => t.approvals.title, group: 'assurance' },
    ...{ may: () => mayDo('settings'), later: Approvals, view: () => <Approvals.View /> },
  },
  {
    ...{ name: 'holds', href: '/holds', below: '/holds', title: () => t.holds.title, group: 'assurance' },
    ...{ may: oversees, later: Holds },
    view: (id) => <Holds.View key={id} id={id} />,
  },
  {
    ...{ name: 'requests', href: '/requests', below: '/requests', title: () => t.requests.title },
    ...{ group: 'assurance', may: () => mayDo('privacy'), later: Requests },
    view: (id) => <Requests.View key={id} id={id} />,
  },
  {
    ...{ name: 'certificates', href: '/certificates', below: '/certificates', nameBelow: 'certificate' },
    ...{ title: () => t.certificates.title, may: oversees, later: Certificates },
    view: (id) => (id === null ? <Certificates.View /> : <Certificate.View key={id} id={id} />),
  },
  {
    ...{ name: 'reports', href: '/reports', title: () => t.reports.title, group: 'assurance' },
    ...{ may: oversees, later: Reports, view: () => <Reports.View /> },
  },
  {
    ...{ name: 'audit', href: '/audit', title: () => t.audit.title, group: 'assurance' },
    ...{ may: () => mayDo('audit'), later: Audit, view: () => <Audit.View /> },
  },
  {
    ...{ name: 'policy', href: '/policy', title: () => t.policy.title, group: 'administration' },
    ...{ may: oversees, later: Policy, view: () => <Policy.View /> },
  },
  {
    ...{ name: 'lists', href: '/lists', below: '/lists', title: () => t.lists.title },
    ...{ group: 'administration', may: oversees, later: Lists },
    view: (name) => <Lists.View key={name} name={name} />,
  },
  {
    ...{ name: 'consents', href: '/consents', title: () => t.consents.title, group: 'administration' },
    ...{ may: oversees, later: Consents, view: () => <Consents.View /> },
  },
  {
    ...{ name: 'telling', href: '/telling', title: () => t.telling.title, group: 'administration' },
    ...{ may: oversees, later: Telling, view: () => <Telling.View /> },
  },
  {
    ...{
      name: 'people',
      href: '/people',
      below: '/people',
      nameBelow: 'person',
      title: () => t.people.title,
    },
    ...{ group: 'administration', may: oversees, later: People },
    view: (id) => (id === null ? <People.View /> : <Person.View key={id} id={id === 'new' ? null : id} />),
  },
  {
    ...{ name: 'health', href: '/health', title: () => t.health.title, group: 'administration' },
    ...{ may: oversees, later: Health, view: () => <Health.View /> },
  },
  {
    ...{ name: 'account', href: '/account', title: () => t.account.title, may: () => true },
    ...{ later: Account, view: () => <Account.View /> },
  },
  {
    ...{ name: 'reference', href: '/api-reference', title: () => t.reference.title, may: () => true },
    ...{ later: Reference, view: () => <Reference.View /> },
  },
];

/** What stands after `below` in an address, if it is one part and is written as addresses are. */
function idBelow(below: string, path: string): string | null {
  const part = path.startsWith(`${below}/`) ? path.slice(below.length + 1) : '';
  if (part === '' || part.includes('/')) return null;
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** Returns the page at this address, as the person who is signed in may see it. */
export function pageAt(path: string): { name: string; title: string; view: ComponentChildren } {
  for (const page of pages) {
    const id = page.below ? idBelow(page.below, path) : null;
    if (path !== page.href && path !== page.below && id === null) continue;
    if (page.name !== 'calls' && !page.may())
      return { name: 'no-right', title: t.rights.noPageTitle, view: <NoRight /> };
    const name = id === null ? page.name : (page.nameBelow ?? page.name);
    return { name, title: page.title(), view: page.view(id) };
  }
  return {
    name: 'nothing',
    title: t.common.page404,
    view: (
      <div class="sheet sheet-plain">
        <h1>{t.common.page404}</h1>
        <p>
          <a href="/">{t.common.back404}</a>
        </p>
      </div>
    ),
  };
}

/** Pages whose help is not called like them. */
const HELP: Readonly<Record<string, string>> = {
  person: 'dashboard/people',
  certificate: 'dashboard/certificates',
  reference: 'reference/api',
  'no-right': 'dashboard/people',
  nothing: 'index',
};

/** Returns the address of the help for the page at this address. */
export function helpAt(path: string): string {
  const { name } = pageAt(path);
  return `/help/${HELP[name] ?? `dashboard/${name}`}.html`;
}

/** Returns the groups of the navigation, with the pages that the person who is signed in may open. */
export function navigation(path: string) {
  return groups
    .map((group) => ({
      group,
      pages: pages
        .filter((page) => page.group === group && page.may())
        .map(({ name, href, below, title }) => ({
          name,
          href,
          label: t.nav.pages[name] ?? title(),
          here: path === href || path === below || (below !== undefined && path.startsWith(`${below}/`)),
        })),
    }))
    .filter(({ pages }) => pages.length > 0);
}

/** Fetches the code of the pages that may be opened, so that each is there at once, also when the dashboard goes away. */
export function preloadPages(): void {
  for (const page of pages) if (page.may()) page.later.preload().catch(() => {}); // told when it is opened
  if (oversees()) for (const page of [Person, Certificate]) page.preload().catch(() => {});
}
