import { ulid } from 'ulid';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { createPasses } from '../../../daemon/ops/passes.js';
import { createExaminer } from '../../../daemon/recordings/scrub/examine.js';
import { createApprovals } from '../../../daemon/requests/approvals.js';
import { createAskers } from '../../../daemon/requests/askers.js';
import { createDamage } from '../../../daemon/requests/damage.js';
import { createEvidence } from '../../../daemon/requests/evidence.js';
import { createProofs } from '../../../daemon/requests/proofs.js';
import { createSound } from '../../../daemon/requests/sound.js';
import { createTaking } from '../../../daemon/requests/taking.js';
import type { Keys } from '../../../daemon/vault/keys.js';
import { openManifest } from '../../../daemon/vault/manifest.js';
import { openSealed } from '../../../daemon/vault/open.js';
import { knownOf } from '../../../daemon/vault/register.js';
import { publicKeys } from '../../../daemon/vault/signing-key.js';
import { createDiskReader } from '../../../daemon/vault/store/disk.js';
import { alarmBoard } from '../alarm-board.js';

/**
 * What the recorder does when it is asked for sound or for an evidence pack, over a real catalogue and real keys. `signing`: the id
 * of the key with which it signs, and a note that it signs now.
 */
export function openSound(house: {
  catalogue: Catalogue;
  keys: Pick<Keys, 'identity' | 'register'>;
  dataDir: string;
  clock: () => number;
  signing?: { key(): Promise<string>; sign(): Promise<string> };
}) {
  const { catalogue, keys, dataDir, clock } = house;
  const { alarms, standing } = alarmBoard();
  const proofs = createProofs({ clock });
  const passes = createPasses({ clock });
  const store = createDiskReader(dataDir);
  const askers = createAskers({ catalogue, proofs, clock });
  const taking = createTaking({ alarms, clock });
  const identity = (id: string) => keys.identity(id);
  const registered = async ({ id }: { id: string }) => knownOf(keys.register(), id);
  const { file: examine } = createExaminer({
    ...{ catalogue, hash: store.hash },
    opens: async (r) => (await openSealed(store, r, await identity(r.id))).close(),
    openManifest: (signed) => openManifest(signed, publicKeys(dataDir)),
    registered,
  });
  const damage = createDamage({ catalogue, examine, clock });
  const sound = createSound({ catalogue, askers, passes, identity, taking, damage });
  const approvals = createApprovals({ catalogue, askers, alarms, clock, mint: ulid });
  const evidence = createEvidence({
    ...{ catalogue, askers, approvals, identity, registered, taking, damage, dataDir },
    signer: async () => (await house.signing?.key()) ?? '',
    sign: async () => ({ note: (await house.signing?.sign()) ?? '' }),
    site: { name: 'Test', timeZone: 'Europe/Berlin' },
    version: '0.0.0-test',
  });
  return { sound, evidence, askers, passes, proofs, taking, damage, standing };
}
