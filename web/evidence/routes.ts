import { evidencePack } from '../../daemon/assurance/evidence/pack.js';
import { clean } from '../../daemon/domain/call/party.js';
import { fail } from '../../daemon/domain/error.js';
import { type Person, reach } from '../../daemon/domain/people/person.js';
import { coversAll, owesReason } from '../../daemon/domain/people/reach.js';
import { evidenceDeps } from '../../daemon/vault/evidence.js';
import { plainAddress } from '../auth/came-from.js';
import { type DamageDeps, metDamage } from '../calls/damage.js';
import { EvidenceBody } from '../calls/schemas.js';
import type { Needs } from '../deps.js';
import { answers, IdParams, streamed } from '../server/answers.js';
import { ErrorView } from '../server/schemas.js';
import { createShares, lettingGo } from '../server/shares.js';
import type { App } from '../server/types.js';

type Deps = DamageDeps &
  Needs<
    'control' | 'dataDir' | 'keys' | 'reached' | 'site' | 'version',
    'auditEntries' | 'auditRows' | 'auditId' | 'checkpoints' | 'manifest'
  >;

/** Each reads a recording twice, and what of the audit log came after it. */
const AT_ONCE = { all: 4, ofOne: 2 };
const LONGEST_REASON = 200;
const EXPORTED = 'when it was exported';

/** The evidence pack of a call. */
export function evidenceRoutes(app: App, deps: Deps): void {
  const { catalogue, reached, keys, dataDir, site, control, audit, version, now } = deps;
  const shares = createShares(AT_ONCE, 'Too many evidence packs are being created at once.');

  app.post(
    '/calls/:id/evidence',
    {
      config: { access: 'call:export', audit: ['export', 'damage'] },
      schema: {
        tags: ['calls'],
        summary: 'The evidence pack of a call',
        description:
          'A ZIP with the recording, what was signed of it, who has heard it, a cover sheet, and all that is needed to verify it without Tapedeck. The export is written to the audit log before anything is given out. Who may export as an auditor only says why.',
        params: IdParams,
        body: EvidenceBody,
        response: { ...answers(ErrorView), 200: streamed('The pack.', 'application/zip') },
      },
    },
    async (request, reply) => {
      const { person } = request.session!;
      const { call, stretches } = await reached.call(person, request.params.id, 'export');
      if (!coversAll(stretches, call.recording?.durationMs ?? 0)) throw fail('forbidden', PART);
      request.still = (now) => coversAll(reach(now, 'export', call), call.recording?.durationMs ?? 0);
      const reason = clean(request.body.reason ?? '', LONGEST_REASON);
      if (reason === '' && owesReason(person, 'export', call))
        throw fail('request_invalid', 'body.reason: say why the recording is given out');
      const leave = shares.take(person.id);
      try {
        const pack = await evidencePack(
          {
            ...evidenceDeps(dataDir, keys),
            catalogue,
            recorder: {
              key: async () => (await control.checkpoints())?.key.id ?? null,
              sign: () => control.signCheckpoint(),
            },
            write: (about) => audit.write(audit.of(request, 'export', about)),
            site,
            version,
            now,
          },
          call,
          { by: byWhom(person, request.ip), reason },
        );
        pack.stream.once('close', leave);
        lettingGo(reply.raw);
        pack.stream.once('error', (err) => {
          if (call.recording) void metDamage(deps, call.recording, err, EXPORTED, request.log);
          if (!reply.raw.destroyed) request.log.error({ err, call: call.id }, 'an evidence pack broke off');
        });
        return reply
          .type('application/zip')
          .header('content-disposition', `attachment; filename="${pack.name}"`)
          .header('x-tapedeck-checkpoint', pack.fresh ? 'fresh' : 'kept')
          .send(pack.stream);
      } catch (e) {
        leave();
        if (call.recording) await metDamage(deps, call.recording, e, EXPORTED, request.log);
        throw e;
      }
    },
  );
}

const PART =
  'You reach a part of this call only. An evidence pack is of the whole call: ask somebody who reaches all of it.';

const byWhom = ({ name }: Person, ip: string): string => `${name}, signed in from ${plainAddress(ip)}`;
