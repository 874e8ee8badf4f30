import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createSigningKey } from '../../../daemon/vault/signing-key.js';
import { noted } from '../words.js';
import { aCall, aRecording } from './a-call.js';
import { NOW, openHouse } from './erase-until-killed.js';
import { ruled } from './retaining.js';

const DAY = 86_400_000;

const fileIn = (dir: string, id: string) => join(dir, aRecording(id, '').file);

/**
 * Furnishes a directory with four recordings: R1 and R2 are due, R3 later, R4 never. Returns the bytes of which each one's
 * peaks are made.
 */
export async function furnish(dir: string) {
  mkdirSync(dirname(fileIn(dir, 'R1')), { recursive: true });
  const masterKey = randomBytes(32);
  writeFileSync(join(dir, 'master.bin'), masterKey);
  createSigningKey(dir, masterKey);
  const house = await openHouse(dir);
  await house.catalogue.policy.save(ruled, 'test', NOW, 0);
  const marks = new Map<string, Buffer>();
  const ends = { R1: NOW - DAY, R2: NOW, R3: NOW + 1, R4: null };
  for (const [id, keep] of Object.entries(ends)) {
    const mark = randomBytes(16);
    marks.set(id, mark);
    await house.catalogue.calls.save(aCall(`C${id}`));
    await house.keys.create(id);
    writeFileSync(fileIn(dir, id), 'sealed');
    await house.catalogue.recordings.sealed(
      aRecording(id, `C${id}`, {
        keepUntil: keep,
        sealedAt: NOW - DAY,
        keepRule: 'Short',
        keepWhy: noted('Law'),
      }),
      Buffer.alloc(3_000, mark),
      { status: 'recorded', why: null, rule: null, missingMs: 0 },
    );
  }
  await house.close();
  return marks;
}

type House = Awaited<ReturnType<typeof openHouse>>;
export async function whatIsLeft(house: House, dir: string, id: string) {
  return {
    state: (await house.catalogue.recordings.get(id))?.state,
    key: house.keys.has(id),
    file: existsSync(fileIn(dir, id)),
    peaks: (await house.catalogue.recordings.peaks(id)) !== null,
  };
}
export const whole = { state: 'sealed', key: true, file: true, peaks: true } as const;
export const gone = { state: 'erased', key: false, file: false, peaks: false } as const;
