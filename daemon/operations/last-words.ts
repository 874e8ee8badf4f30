import type { TapedeckError } from '../domain/error.js';
import type { Notice } from '../domain/operations/notice.js';
import type { Channel } from '../notify/channel.js';
import type { Log } from '../ops/log.js';

/** How long the channels have together, in ms: nobody is to wait long for the reason on the console. */
const TIMEOUT_MS = 15_000;

/**
 * Tells those who receive alerts that the recorder did not start. The alarms of a running recorder are kept in the catalogue,
 * which is not there; so each channel is tried once. Never throws. Only for an end after which nobody starts it again, or
 * it would be said every five seconds.
 */
export async function tellOfFailedStart(
  fault: TapedeckError,
  { channels, id, now, log }: { channels: readonly Channel[]; id: string; now: number; log: Log },
): Promise<void> {
  const notice: Notice = {
    id,
    kind: 'raised',
    at: now,
    alarms: [
      {
        key: 'recorder_not_started',
        severity: 'critical',
        why: { code: 'recorder_not_started', params: { error: fault.code, detail: fault.detail } },
        raisedAt: now,
        clearedAt: null,
      },
    ],
  };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  await Promise.all(
    channels.map((channel) =>
      channel
        .send(notice, signal)
        .catch((err) =>
          log.warn({ err, channel: channel.name }, 'Nobody could be told that the recorder did not start'),
        ),
    ),
  );
}
