import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { type Recording, spoolName } from '../../../daemon/domain/recording/recording.js';
import { registerFault } from '../../../daemon/domain/recording/registered.js';
import { createEncoder } from '../../../daemon/encode/encoder.js';
import { createFfmpeg } from '../../../daemon/encode/ffmpeg.js';
import { countKeys } from '../../../daemon/vault/keys.js';
import { openSealed } from '../../../daemon/vault/open.js';
import { createDiskReader } from '../../../daemon/vault/store/disk.js';
import { inThisThread } from '../catalogue/in-this-thread.js';
import { until } from '../recorder.js';
import { ERASED, endCalls, type House, KEPT, openHouse } from './house.js';

/** For all starts: its thread, and what it knows of ffmpeg, are no part of what a power cut leaves. */
const encoder = createEncoder({ ffmpeg: createFfmpeg() });
const SIDES = ['in', 'out'] as const;

/** `promised`: it is a fault only where this had been answered before the cut; null where it always is one. */
export type Fault = { what: string; promised: string | null };
const always = (what: string): Fault => ({ what, promised: null });

/**
 * Starts on what a power cut has left in `dir` and returns what is wrong with it; nothing, when all is well. `toTheEnd` has what
 * was interrupted done again as well. What a start does does not depend on what was promised, so one start tells for all.
 */
export async function judge(
  dir: string,
  spool: ReadonlyMap<string, Buffer>,
  toTheEnd: boolean,
): Promise<Fault[]> {
  let house: House;
  try {
    house = await openHouse(dir, { daysLater: 2, encoder, beginThread: inThisThread });
  } catch (e) {
    return [always(`it does not start: ${(e as Error).message}`)];
  }
  try {
    const wrong = [keysFile(dir), catalogueFile(dir)].flatMap(integrity).map(always);
    for (const id of [KEPT, ERASED])
      if ((await house.catalogue.recordings.of(id)).some((r) => house.keys.has(r.id)))
        wrong.push({ what: 'a destroyed key is back', promised: `key-gone ${id}` });
    await house.retain.recover();
    for (const id of [KEPT, ERASED]) wrong.push(...(await recordingOf(house, dir, id, spool)));
    if (!toTheEnd) return wrong;
    await endCalls(house);
    await house.preserver.recover('');
    await until('the end of preserving', () => house.preserver.waiting() === 0);
    for (const id of [KEPT, ERASED])
      if (!(await house.catalogue.calls.get(id))?.recording)
        wrong.push({ what: 'what was captured is not made into a recording', promised: `captured ${id}` });
    for (const id of [KEPT, ERASED]) wrong.push(...(await recordingOf(house, dir, id, spool)));
    const left = readdirSync(dir, { recursive: true, encoding: 'utf8' });
    wrong.push(
      ...left.filter((path) => path.endsWith('.tmp')).map((path) => always(`${path} was left behind`)),
    );
    wrong.push(...(await orphans(house, dir)).map(always));
    return wrong;
  } catch (e) {
    return [always(`it cannot recover: ${(e as Error).message}`)];
  } finally {
    await house.close();
  }
}

/** Keys and files that belong to no recording, and recordings that the register does not know as they are. */
async function orphans(house: House, dir: string): Promise<string[]> {
  const rows = await house.catalogue.recordings.after('', 100);
  const sealed = rows.filter((r) => r.state === 'sealed');
  const wrong: string[] = [];
  const { live } = countKeys(keysFile(dir));
  if (live !== sealed.length) wrong.push(`${live} keys for ${sealed.length} recordings`);
  for await (const { name } of createDiskReader(dir).list())
    if (!sealed.some((r) => r.file === name)) wrong.push(`${name} belongs to no recording`);
  for (const row of rows) {
    const { manifestSha256 } = house.keys.register().find(row.id) ?? { manifestSha256: null };
    if (registerFault(house.keys.register().find(row.id), row, manifestSha256) !== null)
      wrong.push('the register has another recording than the catalogue');
    if ((await house.catalogue.recordings.begun(row.callId)).length > 0) wrong.push('it is still being made');
  }
  return wrong;
}

function integrity(file: string): string[] {
  const db = new Database(file, { fileMustExist: true });
  const said = db.pragma('integrity_check', { simple: true });
  db.close();
  return said === 'ok' ? [] : [`${file}: ${said}`];
}

async function recordingOf(
  house: House,
  dir: string,
  id: string,
  spool: ReadonlyMap<string, Buffer>,
): Promise<Fault[]> {
  const captured = `captured ${id}`;
  const call = await house.catalogue.calls.get(id);
  const recording = call?.recording ?? null;
  if (!call) return [{ what: 'a call that was captured is lost', promised: captured }];
  if (!recording) {
    const whole = SIDES.every((side) => {
      const path = join('spool', `${spoolName({ callId: id, seq: 0, token: '' }, side)}.wav`);
      return existsSync(join(dir, path)) && readFileSync(join(dir, path)).equals(spool.get(path)!);
    });
    const waits = (await house.catalogue.segments.callsToPreserve()).includes(id);
    const wrong: Fault[] = [{ what: 'a recording that was acknowledged is lost', promised: `row ${id}` }];
    if (!whole) wrong.push({ what: 'captured audio went before its row was durable', promised: captured });
    if (!waits) wrong.push({ what: 'it is not taken up', promised: captured });
    return wrong;
  }
  const file = join(dir, recording.file);
  if (recording.state === 'erased') {
    const alive = [
      house.keys.has(recording.id) && 'the key of an erased recording is alive',
      existsSync(file) && 'an erased recording has a file',
    ];
    return alive.filter((fault) => fault !== false).map(always);
  }
  if (recording.state !== 'sealed') return [always(`a recording stays ${recording.state}`)];
  const wrong: Fault[] = [{ what: 'an intent to erase is forgotten', promised: `intent ${id}` }];
  if (!(await opens(house, dir, recording))) wrong.push(always('a recording cannot be opened'));
  return wrong;
}

async function opens(house: House, dir: string, recording: Recording): Promise<boolean> {
  try {
    const sealed = await openSealed(
      createDiskReader(dir),
      recording,
      await house.keys.identity(recording.id),
    );
    const hash = createHash('sha256');
    for await (const chunk of sealed.read(0, sealed.size - 1)) hash.update(chunk as Buffer);
    await sealed.close();
    return hash.digest('hex') === recording.plainSha256;
  } catch {
    return false;
  }
}
