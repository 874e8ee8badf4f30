import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createKeys } from '../../../daemon/vault/keys.js';
import { createMasterKey, openMasterKeys } from '../../../daemon/vault/master-key.js';
import { finishRotation, prepareNext } from '../../../daemon/vault/rotation.js';
import { createSigningKey, loadSigningKey } from '../../../daemon/vault/signing-key.js';

export const masterFile = (dir: string) => join(dir, 'master.key');
export const keysDb = (dir: string) => join(dir, 'keys/keys.db');

/** Few rows in a transaction, so that a rotation has many. */
const batch = 7;

export type Furnished = { identities: Map<string, string>; destroyed: string[]; keyId: string };

/** A vault with some keys, every fourth of them destroyed. */
export async function furnishVault(dir: string, many = 30): Promise<Furnished> {
  mkdirSync(dir, { recursive: true });
  const masterKey = createMasterKey(masterFile(dir));
  const { keyId } = createSigningKey(dir, masterKey);
  const keys = createKeys({ path: keysDb(dir), masterKey });
  keys.start();
  const identities = new Map<string, string>();
  const destroyed: string[] = [];
  for (let n = 0; n < many; n++) {
    const id = `01${randomBytes(12).toString('hex').toUpperCase()}`;
    identities.set(id, (await keys.create(id)).identity);
    if (n % 4 !== 3) continue;
    await keys.destroy(id);
    identities.delete(id);
    destroyed.push(id);
  }
  keys.stop();
  return { identities, destroyed, keyId };
}

/** What is wrong with a vault, whatever has happened to it; and again after the rotation was brought to its end. */
export async function judgeVault(
  dir: string,
  furnished: Furnished,
  old: Uint8Array,
  ended: boolean,
): Promise<string[]> {
  const wrong: string[] = [];
  const look = async (when: string) => {
    const master = openMasterKeys(masterFile(dir));
    const keys = createKeys({ path: keysDb(dir), masterKey: master.current, reread: master.reread });
    keys.start();
    try {
      for (const [id, identity] of furnished.identities)
        if ((await keys.identity(id).catch((e: Error) => e.message)) !== identity)
          wrong.push(`${when}: a key does not open`);
      for (const id of furnished.destroyed) if (keys.has(id)) wrong.push(`${when}: a destroyed key is back`);
    } finally {
      keys.stop();
    }
    const ring = [master.current, ...(master.next ? [master.next] : [])];
    if (loadSigningKey(dir, ring).keyId !== furnished.keyId) wrong.push(`${when}: another signing key`);
    return master;
  };
  try {
    const master = await look('at once');
    if (ended && Buffer.from(master.current).equals(old)) wrong.push('what was over is not');
    if (!master.next && !master.spent) return wrong;
    const { damaged, retired } = await finishRotation(dir, master, { batch });
    if (damaged.length > 0 || !retired) wrong.push('it does not come to its end');
    const after = await look('in the end');
    if (Buffer.from(after.current).equals(old)) wrong.push('the old key is in use');
    if (existsSync(`${masterFile(dir)}.next`)) wrong.push('the new key has not taken its name');
    const stale = createKeys({ path: keysDb(dir), masterKey: old });
    try {
      stale.start();
      wrong.push('the old key still opens it');
    } catch {
      // as it should be
    } finally {
      stale.stop();
    }
  } catch (e) {
    wrong.push(`it does not start: ${(e as Error).message}`);
  }
  return wrong;
}

/** A system call that does nothing and has a name, for the trace. */
function mark(text: string): void {
  try {
    openSync(`/mark/${text}`, 'r');
  } catch {}
}

/** Run as a program: changes the master key of a furnished vault. */
if (process.argv[1] === import.meta.filename) {
  const dir = process.argv[2]!;
  prepareNext(openMasterKeys(masterFile(dir)), 'auto');
  mark('prepared');
  await finishRotation(dir, openMasterKeys(masterFile(dir)), { batch });
  mark('rotated');
}
