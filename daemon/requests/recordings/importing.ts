import type { Verbs } from '../../catalogue/catalogue.js';
import { putOnRecord } from '../../catalogue/entries.js';
import type { ControlHandlers } from '../../domain/operations/control.js';
import { type Job, type JobParams, jobView } from '../../domain/operations/job.js';
import type { Askers } from '../askers.js';
import { nameOf } from '../rules.js';

export type ImportRequestDeps = {
  catalogue: Verbs<'audit.append' | 'audited'>;
  askers: Pick<Askers, 'of'>;
  jobs: { ask(kind: string, params?: JobParams): Promise<{ job: Job; already: boolean }> };
};

/** Imports of other recorders' recordings, which the command line asks for. */
export function createImportRequests({
  catalogue,
  askers,
  jobs,
}: ImportRequestDeps): Pick<ControlHandlers, 'import_recordings'> {
  return {
    async import_recordings({ by, ...order }) {
      const asker = await askers.of(by);
      const { dir, pbx } = order;
      await putOnRecord(catalogue, asker.entry('import', { detail: { what: 'asked', dir, pbx } }));
      const { job, already } = await jobs.ask('import', { ...order, by: nameOf(by, undefined) });
      return { job: jobView(job), already };
    },
  };
}
