import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';

export type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer; json: () => unknown };

/**
 * A signed-in user of a dashboard over TLS, who trusts one authority (PEM) and no other. `from`: the local address to connect
 * from, by default the machine's own.
 */
export function createHttpsClient(address: string, ca: string, from?: string) {
  let cookie = '';

  function ask(
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const asking = request(
        `${address}${path}`,
        {
          ...{ method, ca, agent: false, localAddress: from },
          headers: {
            'x-tapedeck': '1',
            ...(cookie && { cookie }),
            ...(payload !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(payload),
            }),
            ...headers,
          },
        },
        (answer) => {
          const set = answer.headers['set-cookie']?.[0];
          if (set) cookie = set.split(';')[0]!;
          const parts: Buffer[] = [];
          answer.on('data', (part: Buffer) => parts.push(part));
          answer.on('error', reject);
          answer.on('end', () => {
            const whole = Buffer.concat(parts);
            resolve({
              status: answer.statusCode!,
              headers: answer.headers,
              body: whole,
              json: () => JSON.parse(whole.toString()),
            });
          });
        },
      );
      asking.on('error', reject);
      asking.end(payload);
    });
  }

  return {
    ask,
    /** A request that has to succeed, and what it gives. */
    async json<T>(method: string, path: string, body?: unknown): Promise<T> {
      const answer = await ask(method, `/api/v1${path}`, { body });
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
      return answer.json() as T;
    },
    get cookie() {
      return cookie;
    },
  };
}

export type HttpsClient = ReturnType<typeof createHttpsClient>;
