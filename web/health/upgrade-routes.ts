import { iso } from '../../daemon/domain/days.js';
import { shareDone } from '../../daemon/domain/operations/upgrade.js';
import { readUpgradeProgress } from '../../daemon/vault/upgrade/progress.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';
import { UpgradeView } from './schemas.js';

/** How far an upgrade is, for the page that waits for it: nobody can sign in meanwhile, so anybody may ask. */
export function upgradeRoutes(app: App, { dataDir, now }: Needs<'dataDir' | 'now'>): void {
  app.get(
    '/upgrade',
    {
      config: {
        access: 'public',
        anonymous: true,
        audit: { nothing: 'how far an upgrade is, while nobody can sign in' },
      },
      schema: {
        tags: ['status'],
        summary: 'How far an upgrade is',
        description:
          'Without a session. While the recorder converts the catalogue of an earlier version, calls are recorded and everything else answers 503.',
        response: answers(UpgradeView),
      },
    },
    async () => {
      const found = readUpgradeProgress(dataDir, now());
      if (!found) return { upgrade: null };
      const { phase, since, problem } = found;
      const percent = Math.floor(shareDone(found) * 100);
      return { upgrade: { phase, percent, since: iso(since), waits: problem !== null } };
    },
  );
}
