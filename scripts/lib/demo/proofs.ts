import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { unzipSync } from 'fflate';
import { RECORDINGS } from '../../../daemon/domain/privacy/answer.js';
import { type ApiClient, type RecorderLab, readIfThere } from '../../../test/support/recorder.js';
import { decode, rmsDb } from '../../../test/support/recordings/audio.js';

export type Check = (good: boolean, text: string) => void;

/** Who asks the office for the recordings of their calls: a caller of the last three months. */
const REQUESTER = { number: '+12125550186', name: 'Sam Whitfield' };

/** Without a key that was kept elsewhere nothing is proved: the one that comes with a file may be anybody's. */
export function keptKey({ dataDir }: Pick<RecorderLab, 'dataDir'>): string[] {
  const folder = join(dataDir, 'signing');
  return ['--public-key', join(folder, readdirSync(folder).find((name) => name.endsWith('.pem'))!)];
}

/** The retention report of last month, as PDF with its signature, in `dir`. */
export async function writeReport(recorder: RecorderLab, dir: string, check: Check): Promise<void> {
  const file = join(dir, 'retention-report.pdf');
  const made = await recorder.command([
    'report',
    'retention',
    '--format',
    'pdf',
    '--force',
    '--output',
    file,
  ]);
  check(made.code === 0 && existsSync(file), `report: ${(made.out || made.err).trim()}`);
  const verified = await recorder.command([
    ...['report', 'verify', file, `${file}.sig.json`],
    ...keptKey(recorder),
  ]);
  check(verified.code === 0, `report: ${(verified.out || verified.err).trim().split('\n')[0]}`);
}

/** A request for copies of recordings is entered, answered with a ZIP in which the person alone is heard, and closed. */
export async function answerRequest(api: ApiClient, dir: string, check: Check): Promise<void> {
  const today = new Date().toISOString().slice(0, 10);
  const { id, number } = await api.json<{ id: string; number: number }>('POST', '/requests', {
    ...{ kind: 'access', name: REQUESTER.name, contact: 'sam@example.org', numbers: [REQUESTER.number] },
    ...{ identity: 'Called back at the number', from: null, to: null, manner: 'email', received: today },
  });
  type Found = { calls: { call: { id: string }; fate: string }[] };
  const { calls } = await api.json<Found>('GET', `/requests/${id}/calls`);
  const given = calls.filter(({ fate }) => fate === 'give');
  const gone = calls.filter(({ fate }) => fate === 'gone');
  check(
    given.length > 0 && gone.length > 0,
    `request ${number}: ${given.length} recordings can be given to ${REQUESTER.name}, ${gone.length} were erased`,
  );
  const { text } = await api.json<{ text: string }>('POST', `/requests/${id}/letter`, {
    ...{ letter: 'access', grounds: [] },
  });
  const answer = await api.ask('POST', `/requests/${id}/bundle`, { letter: 'access', text });
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (!answer.ok) return check(false, `request ${number}: ${bytes}`);
  const file = join(dir, 'request-1.zip');
  writeFileSync(file, bytes);
  const recordings = Object.entries(unzipSync(bytes)).filter(([name]) => name.startsWith(RECORDINGS));
  check(recordings.length === given.length, `request ${number}: ${file} has ${recordings.length} recordings`);
  const [own, other] = (await decode(Buffer.from(recordings[0]![1]), 8_000)).channels.map(rmsDb);
  check(
    own! > -40 && other! < -80,
    `request ${number}: the person is heard (${own!.toFixed(0)} dB), the other party is silent (${Math.max(other!, -120).toFixed(0)} dB)`,
  );
  await api.json('POST', `/requests/${id}/answer`, { day: today, outcome: 'given', grounds: [], note: '' });
}

/** Settings of backups into `dir`, for an identity that is made there. A real one is kept elsewhere. */
export async function backupSettings(dir: string): Promise<string> {
  const [folder, file] = [join(dir, 'backups'), identityFile(dir)];
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const identity = readIfThere(file)?.trim() ?? (await generateX25519Identity());
  writeFileSync(file, `${identity}\n`, { mode: 0o600 });
  return `[backup]\npath = "${folder}"\nrecipient = "${await identityToRecipient(identity)}"\n`;
}

const identityFile = (dir: string): string => join(dir, 'backup-identity.txt');

/** A backup is made while the recorder runs, restored into a temporary folder, and compared. */
export async function backUp(recorder: RecorderLab, dir: string, check: Check): Promise<void> {
  const made = await recorder.command(['backup', 'create', '--wait']);
  check(made.code === 0, `backup: ${(made.out || made.err).trim()}`);
  const drill = await recorder.command(['backup', 'drill', '--identity', identityFile(dir)]);
  check(drill.code === 0, `backup: ${(drill.out || drill.err).trim()}`);
}
