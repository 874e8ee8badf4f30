import type { ComponentChildren, ComponentType } from 'preact';
import { loadPageMessages, t } from '../messages/language.js';
import { mayDo, mayEver, seesCalls } from '../state/rights.js';
import { later } from './later.js';
import { NoRight, NothingYet } from './no-right.js';

/** A page with the messages that the calls do without. */
const withMessages = <P extends object>(load: () => Promise<ComponentType<P>>) =>
  later(async () => (await Promise.all([load(), loadPageMessages()]))[0]);

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
  withMessages(() => import('../coverage/coverage.js').then((m) => m.CoveragePage)),
  withMessages(() => import('../consent/consent.js').then((m) => m.ConsentPage)),
  withMessages(() => import('../quality/quality.js').then((m) => m.QualityPage)),
  withMessages(() => import('../policy/policy.js').then((m) => m.PolicyPage)),
  withMessages(() => import('../lists/lists.js').then((m) => m.ListsPage)),
  withMessages(() => import('../consents/consents.js').then((m) => m.ConsentsPage)),
  withMessages(() => import('../telling/telling.js').then((m) => m.TellingPage)),
  withMessages(() => import('../retention/retention.js').then((m) => m.RetentionPage)),
  withMessages(() => import('../approvals/approvals.js').then((m) => m.ApprovalsPage)),
  withMessages(() => import('../holds/holds.js').then((m) => m.HoldsPage)),
  withMessages(() => import('../requests/requests.js').then((m) => m.RequestsPage)),
  withMessages(() => import('../certificates/certificates.js').then((m) => m.CertificatesPage)),
  withMessages(() => import('../certificates/certificate.js').then((m) => m.CertificatePage)),
  withMessages(() => import('../reports/reports.js').then((m) => m.ReportsPage)),
  withMessages(() => import('../audit/audit.js').then((m) => m.AuditPage)),
  withMessages(() => import('../health/health.js').then((m) => m.HealthPage)),
  withMessages(() => import('../people/people.js').then((m) => m.PeoplePage)),
  withMessages(() => import('../people/person.js').then((m) => m.PersonPage)),
  withMessages(() => import('../account/account.js').then((m) => m.AccountPage)),
  withMessages(() => import('../reference/reference.js').then((m) => m.ReferencePage)),
];

export const groups = ['work', 'assurance', 'administration'] as const;

type Page = {
  name: string;
  /** Its address, and how those begin of what belongs to it; that may be a page of another name. */
  href: string;
  below?: string;
  nameBelow?: string;
  /** Where the navigation has it; nowhere when left out. */
  group?: (typeof groups)[number];
  may: () => boolean;
  later: { preload: () => Promise<unknown> };
  /** Where what belongs to it is a page of another name. */
  laterBelow?: { preload: () => Promise<unknown> };
  /** `id` is what follows `below` in the address, or null. */
  view: (id: string | null) => ComponentChildren;
};

const oversees = () => mayDo('oversee');

/** Every page there is, in the order of the navigation. */
const pages: Page[] = [
  {
    ...{ name: 'calls', href: '/', below: '/calls', group: 'work' },
    ...{ may: () => mayEver('view'), later: Calls },
    view: (id) => (seesCalls() ? <Calls.View chosen={id} /> : <NothingYet />),
  },
  {
    ...{ name: 'coverage', href: '/coverage', group: 'assurance' },
    ...{ may: oversees, later: Coverage, view: () => <Coverage.View /> },
  },
  {
    ...{ name: 'consent', href: '/consent-report', group: 'assurance' },
    ...{ may: oversees, later: Consent, view: () => <Consent.View /> },
  },
  {
    ...{ name: 'quality', href: '/quality', group: 'assurance' },
    ...{ may: oversees, later: Quality, view: () => <Quality.View /> },
  },
  {
    ...{ name: 'retention', href: '/retention', group: 'assurance' },
    ...{ may: oversees, later: Retention, view: () => <Retention.View /> },
  },
  {
    ...{ name: 'approvals', href: '/approvals', group: 'assurance' },
    ...{ may: () => mayDo('settings'), later: Approvals, view: () => <Approvals.View /> },
  },
  {
    ...{ name: 'holds', href: '/holds', below: '/holds', group: 'assurance' },
    ...{ may: oversees, later: Holds },
    view: (id) => <Holds.View key={id} id={id} />,
  },
  {
    ...{ name: 'requests', href: '/requests', below: '/requests' },
    ...{ group: 'assurance', may: () => mayDo('privacy'), later: Requests },
    view: (id) => <Requests.View key={id} id={id} />,
  },
  {
    ...{ name: 'certificates', href: '/certificates', below: '/certificates', nameBelow: 'certificate' },
    ...{ may: oversees, later: Certificates, laterBelow: Certificate },
    view: (id) => (id === null ? <Certificates.View /> : <Certificate.View key={id} id={id} />),
  },
  {
    ...{ name: 'reports', href: '/reports', group: 'assurance' },
    ...{ may: oversees, later: Reports, view: () => <Reports.View /> },
  },
  {
    ...{ name: 'audit', href: '/audit', group: 'assurance' },
    ...{ may: () => mayDo('audit'), later: Audit, view: () => <Audit.View /> },
  },
  {
    ...{ name: 'policy', href: '/policy', group: 'administration' },
    ...{ may: oversees, later: Policy, view: () => <Policy.View /> },
  },
  {
    ...{ name: 'lists', href: '/lists', below: '/lists' },
    ...{ group: 'administration', may: oversees, later: Lists },
    view: (name) => <Lists.View key={name} name={name} />,
  },
  {
    ...{ name: 'consents', href: '/consents', group: 'administration' },
    ...{ may: oversees, later: Consents, view: () => <Consents.View /> },
  },
  {
    ...{ name: 'telling', href: '/telling', group: 'administration' },
    ...{ may: oversees, later: Telling, view: () => <Telling.View /> },
  },
  {
    ...{
      name: 'people',
      href: '/people',
      below: '/people',
      nameBelow: 'person',
    },
    ...{ group: 'administration', may: oversees, later: People, laterBelow: Person },
    view: (id) => (id === null ? <People.View /> : <Person.View key={id} id={id === 'new' ? null : id} />),
  },
  {
    ...{ name: 'health', href: '/health', group: 'administration' },
    ...{ may: oversees, later: Health, view: () => <Health.View /> },
  },
  {
    ...{ name: 'account', href: '/account', may: () => true },
    ...{ later: Account, view: () => <Account.View /> },
  },
  {
    ...{ name: 'reference', href: '/api-reference', may: () => true },
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

const titleOf = ({ name }: Page): string => t.nav.titles[name] ?? t.nav.pages[name] ?? '';

/** Returns the page whose address this is, and what follows in it; null where there is none. */
function find(path: string): { page: Page; id: string | null } | null {
  for (const page of pages) {
    const id = page.below ? idBelow(page.below, path) : null;
    if (path === page.href || path === page.below || id !== null) return { page, id };
  }
  return null;
}

/** Returns the page at this address, as the person who is signed in may see it. */
export function pageAt(path: string): { name: string; title: string; view: ComponentChildren } {
  const found = find(path);
  if (found) {
    const { page, id } = found;
    if (page.name !== 'calls' && !page.may())
      return { name: 'no-right', title: t.rights.noPageTitle, view: <NoRight /> };
    const name = id === null ? page.name : (page.nameBelow ?? page.name);
    return { name, title: titleOf(page), view: page.view(id) };
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
        .map(({ name, href, below }) => ({
          name,
          href,
          label: t.nav.pages[name] ?? '',
          here: path === href || path === below || (below !== undefined && path.startsWith(`${below}/`)),
        })),
    }))
    .filter(({ pages }) => pages.length > 0);
}

/** Fetches the code of the page at this address, so that it is there when it is opened. */
export function preloadPage(path: string): void {
  const found = find(path);
  if (!found) return;
  const { later, laterBelow } = found.page;
  ((found.id !== null && laterBelow) || later).preload().catch(() => {}); // the page says so when it is opened
}

/** Fetches the code of each page whose link is pointed at or reached with the keyboard. Returns how to stop. */
export function preloadLinked(): () => void {
  const listener = ({ target }: Event) => {
    const link = (target as Element | null)?.closest?.<HTMLAnchorElement>('a[href]');
    if (link && link.origin === location.origin && link.target === '') preloadPage(link.pathname);
  };
  for (const kind of ['pointerover', 'focusin']) addEventListener(kind, listener, { passive: true });
  return () => {
    for (const kind of ['pointerover', 'focusin']) removeEventListener(kind, listener);
  };
}
