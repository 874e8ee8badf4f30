import Database from 'better-sqlite3';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import type { Machine } from '../booted/machine.js';
import { createPhone } from '../pbx/phone.js';
import { tone } from '../pbx/sources.js';
import { until } from '../recorder.js';

export type Listed = {
  id: string;
  them: { number: string };
  ended_at: string | null;
  coverage: { status: string; why: Told | null };
};
/** A reason may have another in it, or several. */
type Told = { code: string; params?: { why?: Told | null; whys?: Told[] } };
/** What may be missing on a machine with too little processor time. */
const BUSY = [
  ...['starved', 'starved_in_all', 'side_ended_early', 'busy', 'pbx_slow', 'answer_told_late'],
  'stood_still',
];
function isBusy(why: Told | null | undefined): boolean {
  if (!why) return false;
  const { why: inner, whys = [] } = why.params ?? {};
  return BUSY.includes(why.code) || isBusy(inner) || (whys.length > 0 && whys.every(isBusy));
}

/** Whether a call was watched and captured from its answer to its end. */
export const isRecorded = ({ coverage: { status, why } }: Listed): boolean =>
  status === 'recorded' || (status === 'partial' && isBusy(why));

/** The newest call of a number as the catalogue has it: whether all of it was told to its parties, and whether it is settled. */
type Kept = { told: 0 | 1; settled: 0 | 1 };
const KEPT = `
SELECT EXISTS (SELECT 1 FROM tellings WHERE call_id = calls.id AND whole = 1) AS told,
  ended_at IS NOT NULL AND coverage_status <> 'pending' AS settled
FROM calls WHERE json_extract(them, '$.number') = ? ORDER BY started_at DESC LIMIT 1`;

/** The office's phone and its line to the outside, beside a machine with a stock Asterisk (stock-asterisk.ts). */
export async function createOffice({ inside, onDisk }: Machine) {
  const lines = { sipPort: 5060, source: () => tone(440) };
  const phone = createPhone({ ...lines, user: '100', port: 6100 });
  const carrier = createPhone({ ...lines, user: 'trunk', port: 6140, headers: [['X-Carrier', 'lab']] });
  for (const one of [phone, carrier]) await one.start();

  async function listed(number: string): Promise<Listed | undefined> {
    const { code, out } = await inside('tapedeck', 'calls', '--json');
    // While the catalogue is being upgraded there is no list.
    if (code !== 0) return undefined;
    return (JSON.parse(out) as Listed[]).find(({ them }) => them.number === number);
  }

  /** Looked at without a command for each look: while a call goes on, those took more processor time than the call. */
  function kept(number: string): Kept | undefined {
    try {
      const catalogue = new Database(onDisk(catalogueFile('/var/lib/tapedeck')), { readonly: true });
      try {
        return catalogue.prepare<[string], Kept>(KEPT).get(number);
      } finally {
        catalogue.close();
      }
    } catch {
      // While the catalogue is being upgraded, it may be locked or without one of the tables.
      return undefined;
    }
  }

  /** A call from the outside that is answered. */
  async function begin(number: string) {
    const call = await carrier.call('5551000', { caller: { number } });
    if (!(await call.answered)) throw new Error(`the call of ${number} was not answered`);
    return call;
  }
  /** Of a call that ends before its parties have been told whole that they are recorded, nothing is kept. */
  const captured = (number: string): Promise<Listed> =>
    until(`the parties of the call of ${number} are told`, async () =>
      kept(number)?.told ? listed(number) : null,
    );
  const sealed = (number: string): Promise<Listed> =>
    until(`the call of ${number} is recorded`, async () => {
      const call = kept(number)?.settled ? await listed(number) : null;
      return call?.ended_at && call.coverage.status !== 'pending' ? call : null;
    });

  return {
    begin,
    captured,
    sealed,
    /** A whole call from the outside. Returns it as it is listed once it is recorded. */
    async recorded(number: string): Promise<Listed> {
      const call = await begin(number);
      await captured(number);
      await call.hangup();
      return sealed(number);
    },
    async stop(): Promise<void> {
      await Promise.all([phone.stop(), carrier.stop()]);
    },
  };
}
export type Office = Awaited<ReturnType<typeof createOffice>>;
