import { Reels } from '../kit/reels.js';
import { session } from '../state/session.js';
import { MenuButton } from './navigation.js';
import { StatusChip } from './status-chip.js';
import { UserMenu } from './user-menu.js';

export function Header() {
  const site = session.value?.site.name;
  return (
    <header class="header">
      <MenuButton />
      <p class="brand">
        <a class="brand-link" href="/">
          <Reels />
          <span class="brand-name" translate={false}>
            Tapedeck
          </span>
        </a>
        {site && (
          <span class="brand-site" title={site} translate={false}>
            <bdi>{site}</bdi>
          </span>
        )}
      </p>
      <StatusChip />
      <UserMenu />
    </header>
  );
}
