import { existsSync } from 'node:fs';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import { entryOf } from '../../../daemon/domain/assurance/audit.js';
import { RETENTION_RUN } from '../../../daemon/domain/certificate/certificate.js';
import { signingKeyFile } from '../../../daemon/domain/paths.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { createSigningKey, loadSigningKey } from '../../../daemon/vault/signing-key.js';
import { aCall, aRecording } from '../recordings/a-call.js';
import { noted } from '../words.js';
import { certifying } from './certifying.js';

type House = { catalogue: Catalogue; dataDir: string; masterKey: Uint8Array; now: () => number };

/** Whoever exported one of the calls before. */
export const EXPORTER = 'M'.repeat(64);

/**
 * Erases so many recordings of the catalogue of a dashboard, in one run that a person has asked for, and has their certificate
 * issued. They are rows alone. Returns the public key, and the ids of the recordings.
 */
export async function certified(house: House, count = 2, rule = 'Short') {
  const { dataDir, masterKey, now } = house;
  const key = existsSync(signingKeyFile(dataDir))
    ? loadSigningKey(dataDir, [masterKey])
    : createSigningKey(dataDir, masterKey);
  const catalogue = withEntries(house.catalogue, { clock: now, later: async () => {} });
  const certify = certifying({
    ...{ catalogue, key, clock: now, hasKey: () => false, hasFile: () => false },
  });
  const before = await catalogue.certificates.count();
  const ids = Array.from(
    { length: count },
    (_, n) => `01ARZ3NDEKTSV4RRFFQ${before}${String(n).padStart(6, '0')}`,
  );
  await certify.begin({
    ...RETENTION_RUN,
    requestedBy: { actor: 'person', id: 'U1', name: 'Grace Hopper' },
    approvedBy: { id: 'U2', name: 'محمد بن عبد الله' },
    ...{ reference: 'Case 2026/17', reason: 'Cleaning up' },
  });
  for (const id of ids) {
    await catalogue.calls.save(aCall(id));
    await catalogue.recordings.sealed(
      aRecording(id, id, { keepRule: rule, keepWhy: noted('Law') }),
      Buffer.alloc(9),
      {
        ...{ status: 'recorded', why: null, rule: null, missingMs: 0 },
      },
    );
    if (id === ids[1])
      await catalogue.audit.append(
        entryOf(
          { actor: 'person', actor_id: 'U9', actor_name: EXPORTER, address: '10.0.0.9' },
          now(),
          'export',
          { object: 'call', object_id: id, detail: { what: 'evidence' } },
        ),
      );
    await catalogue.recordings.eraseIntended(id, because('due', { rule, why: noted('Law') }), now());
    await catalogue.recordings.erased(id, now());
  }
  await certify.close();
  return { pem: key.publicKeyPem, ids };
}
