import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import t from 'tap';
import { ended, onFreePort, REFUSED, startListening } from '../../support/peers/free-port.js';

const LISTEN = `require('net').createServer().listen(process.argv[1], '127.0.0.1', () => console.log('it listens'))`;
const program = (port: number) => [process.execPath, '-e', LISTEN, `${port}`];

t.test('a program whose port somebody has taken meanwhile is started on another', async (t) => {
  const drawn: number[] = [];
  const child = await onFreePort(async (port) => {
    drawn.push(port);
    if (drawn.length < 3) {
      const other = createServer().listen(port, '127.0.0.1');
      t.teardown(() => void other.close());
      await once(other, 'listening');
    }
    return startListening(program(port), /listens/);
  });
  t.teardown(() => ended(child));
  t.equal(new Set(drawn).size, 3);
  const line = connect(drawn[2]!, '127.0.0.1');
  await once(line, 'connect');
  line.destroy();
});

t.test('a program that fails for another reason is started once, and what it said is told', async (t) => {
  let tries = 0;
  const start = () => {
    tries += 1;
    return startListening([process.execPath, '-e', 'throw new Error("no configuration")'], /listens/);
  };
  await t.rejects(onFreePort(start), /ended with 1: .*no configuration/s);
  t.equal(tries, 1);
});

t.test('where nobody listens, connections are refused', async (t) => {
  const [e] = await once(connect(REFUSED, '127.0.0.1'), 'error');
  t.match(e, { code: 'ECONNREFUSED' });
});
