import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiClient, createApiClient, type RecorderLab, until } from '../../../test/support/recorder.js';
import { DISPUTED } from './past.js';
import type { Account } from './people.js';
import { answerRequest, backUp, type Check, keptKey, writeReport } from './proofs.js';

type Matter = { id: string; name: string; state: string; held: { query: number } };
type Plan = {
  erasable: number;
  protected_total: { legal_hold: number };
  breaker: { tripped: boolean; confirm: string };
};

export const MATTER = 'Kerr v. Field Office';

/**
 * What becomes of three months of calls: a legal hold keeps two that are due, the rest of what is due is erased, somebody gets what
 * they said, and a backup is made. The certificate, a report and what was given are written to `dir`. An earlier demo has done that
 * where there is a matter.
 */
export async function keepAndErase({
  recorder,
  address,
  auditor,
  dir,
  check,
  say,
}: {
  recorder: RecorderLab;
  address: string;
  auditor: Account;
  dir: string;
  check: Check;
  say: (text: string) => void;
}): Promise<void> {
  const api = createApiClient(address);
  await api.signIn(auditor.name, auditor.password);
  if ((await mattersOf(api)).length > 0) return;
  const { erased } = await holdAndErase({ recorder, api, check, say });
  await writeCertificate(recorder, dir, erased, check);
  await writeReport(recorder, dir, check);
  await answerRequest(api, dir, check);
  await backUp(recorder, dir, check);
}

const mattersOf = async (api: ApiClient): Promise<Matter[]> =>
  (await api.json<{ matters: Matter[] }>('GET', '/holds')).matters;

/** A legal hold keeps two of the calls that are due, and a run erases the others. Returns how many it erased. */
export async function holdAndErase({
  recorder,
  api,
  check,
  say,
}: {
  recorder: Pick<RecorderLab, 'command'>;
  api: ApiClient;
  check: Check;
  say: (text: string) => void;
}): Promise<{ erased: number }> {
  await holdDisputed(api, check);
  const before = await planOf(recorder);
  const { legal_hold: held } = before.protected_total;
  say(
    `a run would erase ${before.erasable} recordings of the last three months; ${held} are under a legal hold`,
  );
  check(before.erasable > 0 && held === 2, 'legal hold: two recordings that are due are protected');
  const refused = await recorder.command(['retention', 'run']);
  check(refused.code === 1, 'retention: the safety limit stops a run that would erase so much');
  const run = await recorder.command(['retention', 'run', '--confirm', before.breaker.confirm]);
  check(run.code === 0, `retention: ${(run.out || run.err).trim()}`);
  const { alarms } = await api.json<{ alarms: { key: string }[] }>('GET', '/status');
  check(!alarms.some(({ key }) => key === 'retention_refused'), 'retention: no alarm is left of that');
  const after = await planOf(recorder);
  check(after.erasable === 0 && after.protected_total.legal_hold === 2, 'legal hold: both are still there');
  return { erased: before.erasable };
}

async function holdDisputed(api: ApiClient, check: Check): Promise<void> {
  const query = { numbers: [DISPUTED.number] };
  await api.json('POST', '/holds', { name: MATTER, reason: 'Letter of her solicitor', query });
  const matter = await until('the matter holds what it asks for', async () =>
    (await mattersOf(api)).find(({ name, state }) => name === MATTER && state === 'open'),
  );
  check(matter.held.query >= 2, `legal hold: "${MATTER}" holds ${matter.held.query} recordings`);
}

const planOf = async (recorder: Pick<RecorderLab, 'command'>): Promise<Plan> =>
  JSON.parse((await recorder.command(['retention', 'plan', '--json'])).out);

async function writeCertificate(
  recorder: RecorderLab,
  dir: string,
  erased: number,
  check: Check,
): Promise<void> {
  const files = { json: join(dir, 'EC-000001.json'), pdf: join(dir, 'EC-000001.pdf') };
  for (const [kind, file] of Object.entries(files)) {
    const as = kind === 'pdf' ? ['--pdf'] : [];
    const { err } = await recorder.command([
      'certificate',
      'export',
      '1',
      ...as,
      '--force',
      '--output',
      file,
    ]);
    check(existsSync(file), `certificate: ${file}${err && ` (${err.trim()})`}`);
  }
  const verified = await recorder.command([...['certificate', 'verify', files.json], ...keptKey(recorder)]);
  const [first = '', count = ''] = verified.out.split('\n');
  check(verified.code === 0 && count.includes(` ${erased},`), `certificate: ${first} ${count}`);
}
