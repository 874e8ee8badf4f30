import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';

/** A name that leads nowhere (RFC 2606), so that nobody can have allowed it. */
const FOREIGN = 'http://tapedeck-doctor.invalid';
const TIMEOUT_MS = 5_000;

/**
 * Whether ARI lets pages of any origin read its answers: allowed_origins = * in ari.conf, which FreePBX installs. Seen on
 * 22.10.1 and 16.28: the answer to a signed-in request then has the origin that asked in Access-Control-Allow-Origin. Null
 * where ARI does not answer. Asterisk looks for "Origin" with a capital letter, so not by fetch, which writes it small.
 */
export function allowsAnyOrigin(url: string, user: string, password: string): Promise<boolean | null> {
  const at = new URL('/ari/asterisk/ping', url);
  const request = at.protocol === 'https:' ? requestTls : requestPlain;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return new Promise((resolve) => {
    const asked = request(
      at,
      { headers: { authorization, Origin: FOREIGN, connection: 'close' }, timeout: TIMEOUT_MS },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200 ? answer.headers['access-control-allow-origin'] === FOREIGN : null);
      },
    );
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(null));
    asked.on('close', () => resolve(null));
    asked.end();
  });
}
