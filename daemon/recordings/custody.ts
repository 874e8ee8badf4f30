import type { Verbs } from '../catalogue/catalogue.js';
import type { AuditOutcome, NewEntry } from '../domain/assurance/audit.js';
import { fail } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { Log } from '../ops/log.js';
import type { Rewrapped } from '../vault/rotation.js';
import type { loadOrMakeSigningKey, SigningKey } from '../vault/signing-key.js';

/**
 * Story 13: who holds which key. The key that signs is opened, or made; a change of the master key that was interrupted goes
 * on. What has changed of the keys since the last start is in the audit log.
 */
export type CustodyDeps = {
  catalogue: Verbs<'audit.entries'>;
  openSigningKey: () => Promise<Opened>;
  /** A change of the master key that goes on, and may be interrupted again; null where none was. */
  rotation: { finish(): Promise<Rewrapped & { retired: boolean }>; end(): Promise<void> } | null;
  /** Who else can open what is recorded from now on ("age1..."); empty for nobody. */
  recovery: string;
  /** Both write into the audit log: that the recorder starts, and that keys have changed. */
  started: (detail: NewEntry['detail']) => Promise<void>;
  changed: (detail: NewEntry['detail'], outcome?: AuditOutcome) => Promise<void>;
  alarms: Alarms;
  log: Log;
};

type Opened = Awaited<ReturnType<typeof loadOrMakeSigningKey>>;

export function createCustody(deps: CustodyDeps) {
  const { changed, log } = deps;
  let opened: Opened | null = null;
  let ending = false;
  let rotating: Promise<void> | null = null;

  /** Throws `signing_key_missing` until `open` was called. */
  function signer(): SigningKey {
    if (opened) return opened.signingKey;
    throw fail('signing_key_missing', 'The recorder is only starting.');
  }

  async function newSigner(): Promise<void> {
    deps.alarms.raise('signing_key', {
      severity: 'critical',
      why: { code: 'signing_key_new', params: { key: signer().keyId } },
      forMs: 3_600_000,
    });
    await changed({ what: 'a new key that signs: the old one could not be opened', key: signer().keyId });
  }

  async function goOn({ finish }: NonNullable<CustodyDeps['rotation']>): Promise<void> {
    const what = 'a new master key: a change that was interrupted went on';
    log.warn('A change of the master key was not over; it goes on');
    try {
      const { rows, retired, damaged } = await finish();
      if (damaged.length > 0) log.error({ damaged }, 'Keys that were damaged before are as they were');
      if (!ending && !retired)
        log.warn(
          'All is under the new master key. Run "tapedeck keys rotate" as root, to remove the old one',
        );
      if (rows > 0 || retired) await changed({ what, keys: rows, over: retired });
    } catch (err) {
      log.error({ err }, 'The master key could not be changed');
      await changed({ what, why: (err as Error).message }, 'failed');
    }
  }

  return {
    signer,

    /** After keys.db is known to be under a master key that is here: with another one nothing is opened, and nothing made. */
    async open(): Promise<void> {
      opened = await deps.openSigningKey();
      const { made, signingKey } = opened;
      if (made)
        log.warn(
          { keyId: signingKey.keyId, anew: made === 'anew' },
          'A key that signs recordings was made. Copy its public half, which "tapedeck keys status" prints, to another place',
        );
    },

    /** Who else can open recordings is said with every start; that it has changed, by itself. So is a new key that signs. */
    async start(): Promise<void> {
      const recipient = deps.recovery || 'nobody';
      const starts = await deps.catalogue.audit.entries({ actions: ['start'], limit: 50 }).catch((err) => {
        log.error({ err }, 'The audit log could not be read: who could open recordings before is not known');
        return [];
      });
      const before = starts.find(({ detail }) => detail.process === 'recorder');
      await deps.started({ recovery_recipient: recipient });
      const was = before?.detail.recovery_recipient ?? 'nobody';
      if (was !== recipient) await changed({ what: `recovery recipient: ${was} -> ${recipient}` });
      if (opened?.made === 'anew') await newSigner();
    },

    /** Goes on with an interrupted change of the master key, beside all else. */
    rotate(): void {
      if (deps.rotation) rotating = goOn(deps.rotation);
    },

    /** What is left of a change goes on at the next start. */
    async stop(): Promise<void> {
      ending = true;
      if (rotating) await deps.rotation?.end();
      await rotating;
    },
  };
}
