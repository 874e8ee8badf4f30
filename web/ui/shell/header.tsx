import { Reels } from '../kit/reels.js';
import { t } from '../messages/en.js';
import { mayDo, mayEver } from '../state/rights.js';
import { session } from '../state/session.js';
import { StatusChip } from './status-chip.js';
import { UserMenu } from './user-menu.js';

export function Header({ path }: { path: string }) {
  const oversees = mayDo('oversee');
  const pages = [
    {
      href: '/',
      label: t.nav.calls,
      here: path === '/' || path.startsWith('/calls'),
      shown: mayEver('view'),
    },
    { href: '/coverage', label: t.nav.coverage, here: path === '/coverage', shown: oversees },
    { href: '/quality', label: t.nav.quality, here: path === '/quality', shown: oversees },
    { href: '/policy', label: t.nav.policy, here: path === '/policy', shown: oversees },
    { href: '/retention', label: t.nav.retention, here: path === '/retention', shown: oversees },
    { href: '/audit', label: t.nav.audit, here: path === '/audit', shown: mayDo('audit') },
    { href: '/health', label: t.nav.health, here: path === '/health', shown: oversees },
    { href: '/people', label: t.nav.people, here: path.startsWith('/people'), shown: oversees },
  ].filter((page) => page.shown);
  const site = session.value?.site.name;
  return (
    <header class="header">
      <p class="brand">
        <Reels />
        <span class="brand-name">{t.product}</span>
        {site && (
          <span class="brand-site" title={site}>
            <bdi>{site}</bdi>
          </span>
        )}
      </p>
      <nav class="nav" aria-label={t.nav.label}>
        {pages.map((p) => (
          <a key={p.href} href={p.href} aria-current={p.here ? 'page' : undefined}>
            {p.label}
          </a>
        ))}
      </nav>
      <StatusChip />
      <UserMenu />
    </header>
  );
}
