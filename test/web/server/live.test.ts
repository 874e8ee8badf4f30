import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import t from 'tap';
import { entryOf } from '../../../daemon/domain/assurance/audit.js';
import { downStatus } from '../../../daemon/domain/operations/status.js';
import { EVERY_CALL, type Person } from '../../../daemon/domain/people/person.js';
import { createLive } from '../../../web/server/live.js';
import { opened } from '../../support/catalogue/opened.js';
import { until } from '../../support/recorder.js';
import { aCall } from '../../support/recordings/a-call.js';

const STREAMS = 200;
const POLL_MS = 50;

t.test('what one of 200 people looks at wakes nobody else; what is written wakes all', async (t) => {
  const { catalogue } = await opened(t);
  const reviewer = (n: number): Person => ({
    ...{ id: `P${n}`, name: `p${n}`, roles: ['reviewer'], scope: EVERY_CALL, extensions: [], grants: [] },
  });
  const people = Array.from({ length: STREAMS }, (_, n) => reviewer(n % 20));
  let looks = 0;
  const live = createLive({
    catalogue: {
      ...catalogue,
      changeCount: () => {
        looks += 1;
        return catalogue.changeCount();
      },
    },
    control: { status: async () => ({ ...downStatus('It is down.', 'Start it.'), daemon: 'down' }) },
    sessions: {
      check: async (token: string) => ({ owes: 'nothing', person: people[Number(token)] }),
    } as never,
    log: pino({ level: 'silent' }),
    pace: { pollMs: POLL_MS, reachMs: POLL_MS, statusMs: 60_000, beatMs: 60_000 },
  });
  let at = 0;
  const server = createServer((_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const n = at++;
    void live.add({ res, tokenHash: `${n}`, person: people[n]! });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  live.start();
  t.teardown(() => {
    live.stop();
    server.close().closeAllConnections();
  });
  const heard = new Array<string>(STREAMS).fill('');
  for (let n = 0; n < STREAMS; n += 1)
    get({ port, host: '127.0.0.1', agent: false }, (answer: IncomingMessage) =>
      answer.on('data', (part) => (heard[n] += part)),
    );
  const changes = () => heard.map((text) => text.split('event: change').length - 1);
  await until('every stream to be served', () => heard.every((text) => text.includes('event: status')));

  await catalogue.calls.save(aCall('A'));
  await until('all to be woken', () => changes().every((n) => n === 1));
  const actor = { actor: 'person', actor_id: 'P0', actor_name: 'p0', address: '' } as const;
  for (let n = 0; n < 20; n += 1) {
    await catalogue.audit.append(entryOf(actor, Date.now(), 'view', { object: 'call', object_id: 'A' }));
    const then = looks;
    await until('it to be looked at', () => looks > then);
  }
  await catalogue.calls.save(aCall('B'));
  await until('all to be woken again', () => changes().every((n) => n >= 2));
  t.same([...new Set(changes())], [2], 'by the call alone');
});
