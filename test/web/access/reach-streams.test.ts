import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import t from 'tap';
import { createShares, lettingGo } from '../../../web/server/shares.js';
import { addCall, openDashboard, signInAs } from '../../support/web/dashboard.js';
import { addPeople, leg, streamOf } from '../../support/web/reach.js';
import type { Asker } from '../../support/web/rights.js';

t.test('nobody alone takes all live streams, players and packs', async (t) => {
  const shares = createShares({ all: 5, ofOne: 2 }, 'Too many.');
  const [first] = [shares.take('anna'), shares.take('anna')];
  t.throws(() => shares.take('anna'), { code: 'too_many' });
  for (const who of ['ben', 'ben', 'carl']) shares.take(who);
  t.throws(() => shares.take('dora'), { code: 'too_many' }, 'nor all of them together more');
  first();
  first();
  shares.take('dora');
  t.throws(() => shares.take('eve'), { code: 'too_many' }, 'one is given back once');

  const dashboard = await openDashboard(t);
  const address = await dashboard.app.listen({ port: 0, host: '127.0.0.1' });
  const ids = await addPeople(dashboard);
  const open = async (asker: Asker) =>
    streamOf(`${address}/api/v1/live`, { cookie: await signInAs(dashboard, ids.get(asker)!) });
  const streams = await Promise.all(Array.from({ length: 20 }, () => open('agent')));
  t.strictSame([...new Set(streams.map((s) => s.statusCode))], [200]);
  const beyond = [await open('agent'), await open('founder')];
  t.strictSame(
    beyond.map((s) => s.statusCode),
    [429, 200],
  );
  for (const stream of [...streams, ...beyond]) stream.destroy();
});

t.test('who takes nothing of an answer is let go', async (t) => {
  const server = createServer((_, answer) => {
    lettingGo(answer, 50);
    for (let n = 0; n < 400; n++) answer.write(Buffer.alloc(65_536));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
  socket.pause();
  const [theirs] = (await once(server, 'connection')) as [Socket];
  await once(theirs, 'close');
  t.pass('although they have not gone');
  socket.destroy();
});

t.test('a live stream tells of nothing that its reader does not reach', async (t) => {
  const dashboard = await openDashboard(t, { live: { pollMs: 5, reachMs: 5, beatMs: 50, statusMs: 20 } });
  const { app, catalogue } = dashboard;
  const ids = await addPeople(dashboard);
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const listen = async (asker: Asker) => {
    const cookie = await signInAs(dashboard, ids.get(asker)!);
    const response = await streamOf(`${address}/api/v1/live`, { cookie });
    const reader = response.setEncoding('utf8')[Symbol.asyncIterator]();
    let text = '';
    const count = (event: string) => text.split(`event: ${event}`).length - 1;
    /** Reads on until so many of these have come, and gives all that has. */
    const until = async (event: string, wanted: number) => {
      while (count(event) < wanted) {
        const { done, value } = await reader.next();
        if (done) throw new Error(`ended before ${event}`);
        text += value;
      }
      return text;
    };
    return { count, until, end: () => response.destroy() };
  };
  const [agent, nobody, founder] = [await listen('agent'), await listen('nobody'), await listen('founder')];
  for (const one of [agent, nobody, founder]) await one.until('status', 1);
  await addCall(catalogue, { legs: [leg('101')] });
  await founder.until('change', 1);
  const mine = await addCall(catalogue, { legs: [leg('102')] });
  await founder.until('change', 2);
  await agent.until('change', 1);
  await catalogue.calls.decideCoverage(mine.id, { status: 'excluded', why: null, rule: null, missingMs: 0 });
  await founder.until('change', 3);
  await agent.until('change', 2);
  await addCall(catalogue, { legs: [leg('103')] });
  await founder.until('change', 4);
  t.match(await founder.until('status', 3), '"calls_now":1,"recording_now":1');
  const heard = await agent.until('status', founder.count('status') + 3);
  t.equal(agent.count('change'), 2, 'their call, and what became of it; nothing of those of others');
  t.match(heard, '"calls_now":0,"recording_now":0');
  t.notMatch(heard, /"calls_now":1|22\.10\.1/, 'nor of who talks now, or of what the PBX is');
  await nobody.until('status', 3);
  t.equal(nobody.count('change'), 0);
  for (const one of [agent, nobody, founder]) one.end();
});
