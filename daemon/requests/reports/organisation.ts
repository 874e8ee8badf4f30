import type { Verbs } from '../../catalogue/catalogue.js';
import { onRecord } from '../../catalogue/entries.js';
import { clean } from '../../domain/call/party.js';
import { fail } from '../../domain/error.js';
import type { ORGANISATION } from '../../domain/operations/control/reports.js';
import type { ControlHandlers } from '../../domain/operations/control.js';
import { NO_ORGANISATION, type Organisation, type OrganisationPart } from '../../domain/report/processing.js';
import type { Askers } from '../askers.js';
import { nameOf } from '../rules.js';

export type OrganisationDeps = {
  catalogue: Verbs<'organisation.get' | 'organisation.save' | 'audited'>;
  askers: Pick<Askers, 'may'>;
  clock: () => number;
};

const LONGEST = 1_000;

/** Keeps what somebody enters of the organisation, for the record of processing. */
export function createOrganisationRequests({
  catalogue,
  askers,
  clock,
}: OrganisationDeps): Pick<ControlHandlers, keyof typeof ORGANISATION> {
  return {
    async save_organisation({ by, organisation: given }) {
      const asker = await askers.may(by, 'privacy');
      if (asker.person?.only) throw fail('forbidden', 'This cannot be done with an API token.');
      const before = (await catalogue.organisation.get())?.organisation ?? NO_ORGANISATION;
      const parts = Object.keys(NO_ORGANISATION) as OrganisationPart[];
      const organisation = Object.fromEntries(
        parts.map((part) => [part, clean(given[part], LONGEST).trim()]),
      ) as Organisation;
      const changed = parts.filter((part) => organisation[part] !== before[part]);
      if (changed.length === 0) return {};
      const who = nameOf(by, asker.person?.name);
      // Who is named there may be nobody who uses Tapedeck, so entries say only what was changed.
      const about = { object: 'organisation', detail: { changed } };
      await onRecord<void>(catalogue, asker.entry('organisation_change', about), (c) =>
        c.organisation.save(organisation, who, clock()),
      );
      return {};
    },
  };
}
