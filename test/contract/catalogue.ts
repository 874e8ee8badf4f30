import type { Test } from 'tap';
import type { Catalogue, Nouns } from '../../daemon/catalogue/catalogue.js';
import { approvals } from './catalogue/approvals.js';
import { audit } from './catalogue/audit.js';
import { calls } from './catalogue/calls.js';
import { certificates } from './catalogue/certificates.js';
import { consents } from './catalogue/consents.js';
import { due } from './catalogue/due.js';
import { holds } from './catalogue/holds.js';
import { imports } from './catalogue/imports.js';
import { ledger } from './catalogue/ledger.js';
import { lists } from './catalogue/lists.js';
import { names } from './catalogue/names.js';
import { notices } from './catalogue/notices.js';
import { operations } from './catalogue/operations.js';
import { people } from './catalogue/people.js';
import { privacyRequests } from './catalogue/privacy-requests.js';
import { recordings } from './catalogue/recordings.js';
import { reports } from './catalogue/reports.js';
import { tiers } from './catalogue/tiers.js';

/** Opens an empty catalogue; `again` opens it as another process would. Both are started, and stopped with the test. */
export type Open = (t: Test) => Promise<{ catalogue: Catalogue; again: () => Promise<Catalogue> }>;
export type Part = (t: Test, open: Open) => void;

const PARTS = {
  ...{
    calls,
    recordings,
    tiers,
    imports,
    certificates,
    reports,
    holds,
    privacyRequests,
    due,
    ledger,
    people,
    approvals,
    operations,
    lists,
    consents,
    notices,
    names,
    audit,
  },
};

/** What any engine of the catalogue must do. Fails too if a verb is in no part of it. */
export async function catalogueContract(t: Test, open: Open): Promise<void> {
  const all = new Set<string>();
  const used = new Set<string>();

  /** The same nouns, which note what is asked of them. */
  function noted<N extends Nouns>(nouns: N): N {
    const wrapped = { ...nouns };
    for (const [name, noun] of Object.entries(nouns)) {
      if (typeof noun !== 'object') continue;
      const verbs = Object.entries(noun as unknown as Record<string, (...given: unknown[]) => unknown>);
      const noting = verbs.map(([verb, does]) => {
        all.add(`${name}.${verb}`);
        return [
          verb,
          (...given: unknown[]) => {
            used.add(`${name}.${verb}`);
            return does(...given);
          },
        ];
      });
      Object.assign(wrapped, { [name]: Object.fromEntries(noting) });
    }
    return wrapped;
  }
  const opened: Open = async (t) => {
    const { catalogue, again } = await open(t);
    return { catalogue: noted(catalogue), again: async () => noted(await again()) };
  };

  for (const [name, part] of Object.entries(PARTS)) await t.test(name, async (t) => part(t, opened));
  t.strictSame(
    [...all].filter((verb) => !used.has(verb)),
    [],
    'every verb was tried',
  );
}
