import type { Static } from 'typebox';
import type { Verbs } from '../../daemon/catalogue/catalogue.js';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import { iso, isoOrNull } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { coversAll, owesReason } from '../../daemon/domain/people/reach.js';
import { openManifest } from '../../daemon/vault/manifest.js';
import { publicKeys } from '../../daemon/vault/signing-key.js';
import { giveOut } from '../audit/give-out.js';
import type { Needs } from '../deps.js';
import { answers, IdParams } from '../server/answers.js';
import type { App } from '../server/types.js';
import { ManifestView, type SealView } from './schemas.js';

type Deps = Needs<'ask' | 'dataDir' | 'listening' | 'reached', 'seals.manifest' | 'seals.check'>;

const PART = 'You reach a part of this call only. A manifest is of the whole call.';

/** What was signed of a recording. */
export function manifestRoutes(app: App, deps: Deps): void {
  const { catalogue, reached, listening, dataDir, ask } = deps;

  app.get(
    '/calls/:id/manifest',
    {
      exposeHeadRoute: false,
      config: { access: 'call:export', audit: 'export' },
      schema: {
        tags: ['calls'],
        summary: 'The signed manifest of a recording',
        description:
          '`text` is what was signed, as RFC 8785 has it; `signature` is Ed25519 over its bytes, in base64. Of an erased recording the hash and the signature are left. For who reaches the whole call; who may have it as an auditor only says why first (POST /calls/:id/listen).',
        params: IdParams,
        response: answers(ManifestView),
      },
    },
    async (request) => {
      const { person, id: sessionId } = request.session!;
      const { call, stretches } = await reached.call(person, request.params.id, 'export');
      const { id, recording } = call;
      if (!coversAll(stretches, recording?.durationMs ?? 0)) throw fail('forbidden', PART);
      const reason = listening.reason(sessionId, id, 'export') ?? '';
      if (reason === '' && owesReason(person, 'export', call)) throw fail('reason_needed');
      const signed = recording && (await catalogue.seals.manifest(recording.id));
      if (!recording || !signed) throw fail('recording_absent', 'It has no manifest yet.');
      const detail = { recording: recording.id, what: 'manifest' };
      await giveOut(ask, request, 'call', { object_id: id, reason, detail });
      const keys = publicKeys(dataDir);
      return {
        recording_id: recording.id,
        signed_at: iso(signed.madeAt),
        key_id: signed.keyId,
        public_key: keys.get(signed.keyId) ?? null,
        signature: signed.signature,
        sha256: signed.sha256,
        text: signed.text,
        fault: signed.text === null ? null : openManifest(signed, keys).fault,
      };
    },
  );
}

/** That a recording is as it was sealed, for its page; null where there is none, or none any more. */
export async function sealOf(
  catalogue: Verbs<'seals.manifest' | 'seals.check'>,
  { recording }: StoredCall,
  dataDir: string,
): Promise<Static<typeof SealView> | null> {
  if (recording?.state !== 'sealed') return null;
  const [signed, check] = await Promise.all([
    catalogue.seals.manifest(recording.id),
    catalogue.seals.check(recording.id),
  ]);
  const opened = signed && openManifest(signed, publicKeys(dataDir));
  return {
    signed_at: signed && iso(signed.madeAt),
    key_id: signed?.keyId ?? null,
    made_later: opened?.manifest?.made_later ?? false,
    checked_at: check && iso(check.checkedAt),
    fault: check?.fault ?? opened?.fault ?? null,
    fault_at: check ? isoOrNull(check.faultAt) : null,
  };
}
