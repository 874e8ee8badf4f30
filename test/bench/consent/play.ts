import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { createLab, type Extension, emptySpool, type Pbx } from '../../support/pbx/pbx.js';
import type { Phone } from '../../support/pbx/phone.js';
import { tone } from '../../support/pbx/sources.js';
import { type CallView, createApiClient, createRecorderLab, until } from '../../support/recorder.js';
import { dice } from '../../support/search/dice.js';
import { ANSWERERS, type Day, FILES, type Place, type PlayedCall } from './day.js';

const SIGNAL = 1_234;
const PASSWORD = 'four unrelated quiet words';
const PHONES: Extension[] = ['103', '104', '105', '106', '107'];

export const PLACES: Place[] = [
  { name: 'New York', prefix: '+1212555', asks: false },
  { name: 'Texas', prefix: '+1512555', asks: false },
  { name: 'California', prefix: '+1310555', asks: false },
  { name: 'Illinois', prefix: '+1312555', asks: false },
  { name: 'Washington', prefix: '+1206555', asks: false },
  { name: 'Florida', prefix: '+1305555', asks: false },
  { name: 'Germany', prefix: '+493090', asks: true },
  { name: 'Denmark', prefix: '+453250', asks: true },
  { name: 'Switzerland', prefix: '+4144668', asks: false },
  { name: 'France', prefix: '+3314268', asks: false },
  { name: 'Spain', prefix: '+3491555', asks: false },
  { name: 'the United Kingdom', prefix: '+4420794', asks: false },
];

/**
 * Plays a day of calls: each is from one of the places, answers are given by whoever gives them, and the recorder is killed in
 * between. Leaves in `out` what phones, ledger, report and manifests say of it; see `Day`.
 */
export async function play(given: {
  pbx: Pbx;
  /** For the recorder. */
  dir: string;
  out: string;
  calls: number;
  seed: number;
  say: (line: string) => void;
}): Promise<void> {
  const { pbx, dir, out } = given;
  const chance = dice(given.seed);
  const between = (least: number, most: number) => least + chance() * (most - least);
  emptySpool(pbx);
  const lab = createLab(pbx);
  // The office is in New York. Where nobody has to be asked, people may refuse.
  const recorder = createRecorderLab({ dir, pbx, announces: true, site: 'region = "US"\n' });
  const day: Day = { signal: SIGNAL, calls: [], away: [] };
  let over = false;

  async function killing(): Promise<void> {
    while (!over) {
      await pause(between(5_000, 15_000));
      if (over) return;
      const from = Date.now();
      await recorder.stopDaemon('SIGKILL');
      await pause(between(0, 2_500));
      await recorder.startDaemon();
      day.away.push({ from, until: Date.now() });
    }
  }

  try {
    await recorder.startDaemon();
    const { address, setupCode } = await recorder.startWeb();
    const api = createApiClient(address);
    await api.setUp(setupCode!, 'anna', PASSWORD);
    type Kept = { version: number; policy: object };
    const { version, policy } = await api.json<Kept>('GET', '/policy');
    const telling = { mode: 'announce_refusal', subdivision: 'NY' };
    await api.json('PUT', '/policy', { based_on: version, policy: { ...policy, telling } });

    const carrier = await lab.carrier();
    const phones = new Map<Extension, Phone>();
    for (const extension of PHONES) phones.set(extension, await lab.phone(extension));

    async function one(n: number, extension: Extension): Promise<void> {
      const place = PLACES[n % PLACES.length]!;
      const by = ANSWERERS[Math.floor(n / PLACES.length) % ANSWERERS.length]!;
      const number = `${place.prefix}${String(1_000 + n)}`;
      const presses: PlayedCall['presses'] = [];
      const press = async (who: 'caller' | 'agent', call: typeof atCaller, key: string) => {
        presses.push({ who, key, at: Date.now() });
        await call.dtmf(key);
      };
      const atCaller = await carrier.call(`555${by === 'dialplan' ? 7 : 4}1${extension.slice(1)}`, {
        caller: { number },
        source: tone(SIGNAL, { amplitude: 600 }),
      });
      await atCaller.answered;
      const answeredAt = Date.now();
      // By the dialplan they are asked for three seconds and then have two for the key.
      if (by === 'dialplan' && chance() < 0.6) {
        await pause(between(500, 4_000));
        await press('caller', atCaller, '1');
      }
      const atAgent = await phones.get(extension)!.incoming({ timeoutMs: 60_000 });
      await atAgent.answered;
      const agentAt = Date.now();
      await pause(between(1_500, 7_000));
      const key = () => (chance() < 0.5 ? '9' : place.asks ? '1' : '9');
      if (by === 'caller') await press('caller', atCaller, key());
      if (by === 'agent') await press('agent', atAgent, place.asks ? '1' : key());
      await pause(between(4_000, 9_000));
      await atCaller.hangup();
      const endedAt = Date.now();
      const { asks } = place;
      day.calls.push({
        number,
        place: place.name,
        asks,
        by,
        extension,
        answeredAt,
        agentAt,
        endedAt,
        presses,
      });
      for (const [who, call] of [
        ['caller', atCaller],
        ['agent', atAgent],
      ] as const) {
        const samples = call.heard();
        writeFileSync(
          join(out, FILES.heard(number, who)),
          Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength),
        );
      }
      given.say(`${day.calls.length} of ${given.calls}, ${day.away.length} kills`);
    }

    let next = 0;
    const talking = PHONES.map(async (extension) => {
      while (next < given.calls) await one(next++, extension);
    });
    const killed = killing();
    await Promise.all(talking);
    over = true;
    await killed;

    const isSettled = ({ state, coverage }: CallView) => state === 'ended' && coverage.status !== 'pending';
    let calls: CallView[] = [];
    await until(
      'every call to be decided and sealed',
      async () => {
        calls = await api.calls();
        return calls.length >= given.calls && calls.every(isSettled);
      },
      300_000,
    );
    for (const { id, them, recording } of calls) {
      if (recording?.state !== 'sealed') continue;
      writeFileSync(join(out, FILES.audio(them.number)), await api.audio(id));
      const { text } = await api.json<{ text: string }>('GET', `/calls/${id}/manifest`);
      writeFileSync(join(out, FILES.manifest(them.number)), text);
    }
    const report = async (...as: string[]) => {
      const { code, out, err } = await recorder.command(['consent-report', '--show', 'all', ...as]);
      if (code !== 0) throw new Error(`tapedeck consent-report: ${err}`);
      return out;
    };
    writeFileSync(join(out, FILES.report), await report('--csv'));
    writeFileSync(join(out, FILES.totals), await report('--json'));
    await recorder.stopDaemon();
    const path = catalogueFile(recorder.dataDir);
    const db = new Database(path);
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    copyFileSync(path, join(out, FILES.catalogue));
    writeFileSync(join(out, FILES.day), JSON.stringify(day, null, 1));
  } finally {
    over = true;
    await recorder.stop();
    await lab.stop();
  }
}
