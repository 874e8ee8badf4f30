import type { StoredCall } from '../../../daemon/catalogue/stored-call.js';
import { originOf } from '../../../daemon/domain/assurance/checkpoint.js';
import { buildManifest } from '../../../daemon/domain/recording/manifest.js';
import type { Recording } from '../../../daemon/domain/recording/recording.js';
import type { RequestsDeps } from '../../../daemon/requests/requests.js';
import { signManifest } from '../../../daemon/vault/manifest.js';
import { signNote } from '../../../daemon/vault/note.js';
import { createSigningKey, fingerprint, type SigningKey } from '../../../daemon/vault/signing-key.js';
import type { Control } from '../../../web/server/control.js';
import { nothingTold } from '../recordings/a-call.js';
import type { Dashboard } from './dashboard.js';

type Signed = Pick<Dashboard, 'catalogue' | 'clock' | 'dataDir' | 'masterKey'>;

/** What the recorder does of signing, beside a dashboard under test: `control` is given to it, `begin` it is given to. */
export function createSigner() {
  let house: Signed;
  let key: SigningKey;

  async function checkpoint(): Promise<string> {
    const { catalogue, clock } = house;
    const { size, hash } = await catalogue.audit.head();
    const at = new Date(clock.ms).toISOString();
    const note = signNote(key, { origin: originOf(await catalogue.audit.id()), size, hash, at });
    await catalogue.audit.keepCheckpoint({ size, at: clock.ms, note });
    return note;
  }

  return {
    control: {
      checkpoints: async () => ({ key: { id: key.keyId, pem: key.publicKeyPem }, targets: [] }),
      signCheckpoint: checkpoint,
    } satisfies Partial<Control>,
    /** The same for the recorder's half of a dashboard under test. */
    recorder: {
      signer: () => key.keyId,
      sign: async () => ({ note: await checkpoint() }),
      textSigner: async () => ({
        ...{ keyId: key.keyId, sha256: fingerprint(key.publicKeyPem), publicKey: key.publicKeyPem },
        sign: (text) => key.sign(Buffer.from(text)).toString('base64'),
      }),
    } satisfies Partial<RequestsDeps>,
    /** Makes the key, in the dashboard's data directory. */
    begin(dashboard: Signed): void {
      house = dashboard;
      key = createSigningKey(dashboard.dataDir, dashboard.masterKey);
    },
    /** Signs a recording's manifest. `later`: as for one that was sealed before there were manifests. */
    async sign(
      { call, recording }: { call: StoredCall; recording: Recording },
      { later = false } = {},
    ): Promise<void> {
      const manifest = buildManifest({
        ...{
          call,
          recording,
          coverage: call.coverage,
          segments: [],
          decision: call.decision,
          told: nothingTold,
          policyVersion: null,
          sealedFor: null,
        },
        ...{ version: '0.0.0-test', madeAt: recording.sealedAt, later },
      });
      await house.catalogue.seals.addManifest(signManifest(manifest, key));
    },
    checkpoint,
  };
}
