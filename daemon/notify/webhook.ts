import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Webhook } from 'standardwebhooks';
import { iso, isoOrNull, times } from '../domain/days.js';
import { fail, TapedeckError } from '../domain/error.js';
import { alarmView } from '../domain/operations/alarm-words.js';
import type { Notice } from '../domain/operations/notice.js';
import { guarded, isNobodys, portOf } from '../ops/targets.js';
import type { Channel, Origin } from './channel.js';

export type WebhookSettings = {
  url: string;
  /** Read at each message, so that a changed one needs no restart. */
  secret: () => string;
  /** Ports on which the PBX takes orders: nothing is posted there. */
  pbxPorts: readonly number[];
  /** Any target will do. */
  anywhere: boolean;
};

const LIMIT_MS = 10_000;

/** How secrets are written that are the base64 of random bytes; any other text is its own bytes. */
const ENCODED = /^whsec_/;

/**
 * Posts JSON, signed as Standard Webhooks has it (standardwebhooks.com): headers `webhook-id`, `webhook-timestamp` and
 * `webhook-signature`. Only 2xx counts as taken; redirects are not followed. Where a name leads is checked when it is
 * connected to.
 */
export function createWebhook(settings: WebhookSettings, origin: Origin, name = 'webhook'): Channel {
  const url = new URL(settings.url);

  return {
    name,
    // The path of an address may be what keeps strangers from posting to it.
    target: url.origin,
    async send(notice, signal) {
      const body = JSON.stringify(asJson(notice, origin));
      const at = new Date();
      const webhook = signerWith(settings.secret());
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Tapedeck',
        'webhook-id': notice.id,
        'webhook-timestamp': Math.floor(at.getTime() / 1000),
        'webhook-signature': webhook.sign(notice.id, at, body),
      };
      const status = await post(url, settings, headers, body, signal);
      if (status >= 300 && status < 400)
        throw fail('alert_undelivered', `${url.origin} answered ${status}; redirects are not followed.`);
      if (status < 200 || status >= 300) throw fail('alert_undelivered', `${url.origin} answered ${status}.`);
      return `${status}`;
    },
  };
}

/** Throws `alert_undelivered` when the secret says that it is base64 and is not. */
function signerWith(secret: string): Webhook {
  if (!ENCODED.test(secret)) return new Webhook(secret, { format: 'raw' });
  try {
    return new Webhook(secret);
  } catch (e) {
    throw fail('alert_undelivered', 'The secret begins with "whsec_", and what follows is not base64.', e);
  }
}

function post(
  url: URL,
  settings: WebhookSettings,
  headers: Record<string, string | number>,
  body: string,
  signal: AbortSignal,
): Promise<number> {
  const guard = guarded(url.hostname, (address) => refuse(address, url, settings));
  return new Promise((resolve, reject) => {
    const broken = (e: Error) =>
      reject(
        e instanceof TapedeckError
          ? e
          : fail('alert_undelivered', `${url.origin}: ${late.aborted ? 'no answer in 10 s.' : e.message}`, e),
      );
    const late = AbortSignal.timeout(LIMIT_MS);
    const req = (url.protocol === 'https:' ? httpsRequest : httpRequest)(
      url,
      {
        method: 'POST',
        headers,
        agent: false,
        ...guard,
        signal: AbortSignal.any([signal, late]),
      },
      (res: IncomingMessage) => {
        // The status is the answer. What else is said is heard until the time is up, and does not matter.
        resolve(res.statusCode ?? 0);
        res.on('error', () => {}).resume();
      },
    );
    req.on('error', broken);
    req.end(body);
  });
}

function refuse(address: string, url: URL, { anywhere, pbxPorts }: WebhookSettings): void {
  if (anywhere) return;
  if (isNobodys(address))
    throw fail('alert_undelivered', `${url.origin} leads to ${address}, where no receiver may be.`);
  const port = portOf(url);
  if (pbxPorts.includes(port))
    throw fail('alert_undelivered', `Port ${port} is one on which the PBX takes orders.`);
}

function asJson(notice: Notice, origin: Origin) {
  return {
    id: notice.id,
    kind: notice.kind,
    at: iso(notice.at),
    site: origin.site,
    health_url: origin.healthUrl,
    ...(notice.checkpoint === undefined ? {} : { checkpoint: notice.checkpoint }),
    alarms: notice.alarms.map((a) => ({
      key: a.key,
      severity: a.severity,
      ...alarmView(a.why, times(origin.timeZone)),
      raised_at: iso(a.raisedAt),
      cleared_at: isoOrNull(a.clearedAt),
    })),
  };
}
