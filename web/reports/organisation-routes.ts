import { iso } from '../../daemon/domain/days.js';
import { NO_ORGANISATION, Organisation } from '../../daemon/domain/report/processing.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';
import { OrganisationView } from './schemas.js';

type Deps = Needs<'ask', 'organisation.get'>;

/** What the record of processing says of the organisation, which nobody but people there can know. */
export function organisationRoutes(app: App, { catalogue, ask }: Deps): void {
  const view = async () => {
    const kept = await catalogue.organisation.get();
    return {
      organisation: kept?.organisation ?? NO_ORGANISATION,
      changed: kept && { by: kept.changedBy, at: iso(kept.changedAt) },
    };
  };

  app.get(
    '/reports/organisation',
    {
      config: {
        access: 'privacy',
        audit: { nothing: 'who the controller is, which the record of processing says' },
      },
      schema: {
        tags: ['reports'],
        summary: 'The organisation in the record of processing',
        description: 'Controller, data protection officer, representative and what else somebody entered.',
        response: answers(OrganisationView),
      },
    },
    view,
  );

  app.put(
    '/reports/organisation',
    {
      config: { access: 'privacy', audit: 'organisation_change' },
      schema: {
        tags: ['reports'],
        summary: 'Enter the organisation',
        description: 'An empty part is said to be missing from the record. Not with an API token.',
        body: Organisation,
        response: answers(OrganisationView),
      },
    },
    async (request) => {
      await ask('save_organisation', { by: signed(request), organisation: request.body });
      return view();
    },
  );
}
