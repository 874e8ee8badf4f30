import type { Readable } from 'node:stream';
import type { Verbs } from '../catalogue/catalogue.js';
import { unwritable } from '../catalogue/entries.js';
import type { StoredCall } from '../catalogue/stored-call.js';
import type { PackOrder } from '../domain/assurance/packing.js';
import { refuseNamed } from '../domain/call/named.js';
import { fail, TapedeckError } from '../domain/error.js';
import type { StreamHandlers } from '../domain/operations/control.js';
import { coversAll, owesReason, reachedBy } from '../domain/people/reach.js';
import { playable } from '../domain/recording/playable.js';
import { isId, type Recording } from '../domain/recording/recording.js';
import type { Registered } from '../domain/recording/registered.js';
import { damages } from '../domain/recording/scrub.js';
import { reasonFrom } from '../domain/typed.js';
import type { ApprovalsOf } from './approvals.js';
import type { Askers } from './askers.js';
import type { Damage } from './damage.js';
import { runPack } from './pack-process.js';
import { createKeptVersions } from './recordings/older.js';
import type { Taking } from './taking.js';

/** Each reads a recording twice, and what of the audit log came after it. One for each person. */
const AT_ONCE = 2;

const PART =
  'You reach a part of this call only. An evidence pack is of the whole call: ask somebody who reaches all of it.';

/** Gives evidence packs out: who may have one of which call, and that it is on record before anything of it is sent. */
export function createEvidence(deps: {
  catalogue: Verbs<'calls.get' | 'recordings.get' | 'recordings.of' | 'audit.append'>;
  askers: Pick<Askers, 'of'>;
  approvals: Pick<ApprovalsOf, 'newest' | 'use'>;
  /** The key of a recording. Throws `key_missing`. */
  identity: (recordingId: string) => Promise<string>;
  /** What the recorder noted when it sealed a recording; null for nothing, undefined where that is not known. */
  registered: (recording: Recording) => Promise<Registered | null | undefined>;
  /** The id of the key with which the recorder signs, and a note with which it signs the log as it is now. */
  signer: () => string | Promise<string>;
  sign: () => Promise<{ note: string }>;
  taking: Taking;
  damage: Damage;
  dataDir: string;
  /** The directory of the archive; left out where there is none. */
  archive?: string;
  site: PackOrder['site'];
  version: string;
}) {
  const { catalogue, approvals } = deps;
  const { approved } = createKeptVersions(deps);
  /** Those who are given one, and what ends it. */
  const going = new Map<string, AbortController>();

  const handlers: Pick<StreamHandlers<Readable>, 'make_evidence'> = {
    async make_evidence({ by, call: id, reason: said, version }, gone) {
      const asker = await deps.askers.of(by);
      const { person, entry } = asker;
      // A dashboard asks for people; the command line makes its packs itself.
      if (!person) throw fail('forbidden');
      const stored: StoredCall | null = isId(id) ? await catalogue.calls.get(id) : null;
      const { call, stretches } = reachedBy(person, 'export', stored);
      if (!coversAll(stretches, call.recording?.durationMs ?? 0)) throw fail('forbidden', PART);
      const reason = reasonFrom(said);
      if (reason === '' && owesReason(person, 'export', call))
        throw fail('request_invalid', 'body.reason: say why the recording is given out');
      refuseNamed(call, reason);
      const older = version === '' ? null : await approved(asker, version, 'export');
      if (older && older.call.id !== call.id) throw fail('recording_absent');
      const recording = older ? older.of.older : playable(call);
      if (going.size >= AT_ONCE || going.has(person.id))
        throw fail('too_many', 'Too many evidence packs are being created at once.');
      deps.taking.take(person);
      const ended = new AbortController();
      const end = () => ended.abort();
      going.set(person.id, ended);
      gone.addEventListener('abort', end, { once: true });
      const over = () => void going.delete(person.id);
      const damaged = async (e: unknown) => {
        if (e instanceof TapedeckError && (damages(e.code) || e.code === 'evidence_refused'))
          await deps.damage.look(recording.id, 'when it was exported').catch(() => {});
      };
      try {
        const pack = await runPack(
          {
            ...{ dataDir: deps.dataDir, call: call.id, recording: recording.id },
            identity: await deps.identity(recording.id),
            ...{ archive: deps.archive ?? '', registered: await deps.registered(recording) },
            by: `${person.name}, signed in from ${by.address}${older ? `; ${versionText(older)}` : ''}`,
            ...{ reason, signer: await deps.signer() },
            ...{ site: deps.site, version: deps.version },
          },
          {
            write: (about) => {
              const more = older && { version: recording.version, approval: older.approval.id };
              const detail = { ...about, ...more };
              const given = entry('export', { object: 'call', object_id: call.id, reason, detail });
              if (older) return approvals.use(asker, older.use, () => [given]);
              return catalogue.audit.append(given).catch((e) => {
                throw unwritable(e);
              });
            },
            sign: async () => (await deps.sign()).note,
          },
          ended.signal,
        );
        pack.stream.once('close', over).once('error', (e) => void damaged(e));
        return pack;
      } catch (e) {
        over();
        await damaged(e);
        throw e;
      }
    },
  };

  return {
    handlers,
    /** Breaks off what is being given out. */
    stop(): void {
      for (const ended of going.values()) ended.abort();
    },
  };
}

type Approved = Awaited<ReturnType<ReturnType<typeof createKeptVersions>['approved']>>;

/** That a pack is not of what everybody hears, as its cover sheet says it. */
const versionText = ({ of: { older, newer, redaction }, approval }: Approved): string =>
  [
    `version ${older.version}, from before ${redaction.by} redacted it as version ${newer.version}`,
    `approved by ${approval.approvedBy?.name ?? 'nobody'} (approval ${approval.id})`,
  ].join('; ');
