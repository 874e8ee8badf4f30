import type { Static } from 'typebox';
import type { UpgradeView } from '../../../../web/health/schemas.js';
import { says, state, type UiState } from './state.js';

type Upgrade = NonNullable<Static<typeof UpgradeView>['upgrade']>;

/** The page that stands for all others while the recorder converts the catalogue of an earlier version. */
export const upgradeState = (name: string, upgrade: Omit<Upgrade, 'since'>): UiState =>
  state(
    name,
    '/',
    async (page) => {
      const error = { code: 'catalogue_older', message: '', hint: '', detail: '', request_id: '' };
      const since = new Date(Date.now() - 80_000).toISOString();
      await page.route('**/api/v1/**', (route) =>
        route.request().url().endsWith('/upgrade')
          ? route.fulfill({ json: { upgrade: { ...upgrade, since } } })
          : route.fulfill({ status: 503, json: { error } }),
      );
      await page.reload();
      await says('Upgrade in progress')(page);
    },
    { as: null, complaint: /503|Failed to load resource/ },
  );
