import { once } from 'node:events';
import { fail, TapedeckError } from '../../domain/error.js';
import type { ProgramAnswer, ProgramMessage } from './stream-program.js';

type Message = ProgramMessage<object, unknown>;

/** Resolves when it is on its way. */
const say = (message: Message): Promise<void> =>
  new Promise((resolve, reject) => {
    process.send!(message, undefined, undefined, (e) => (e ? reject(e) : resolve()));
  });

/** Asks the process that has us make a file, and throws what it throws. One question at a time. */
async function ask(asked: object): Promise<unknown> {
  const answered = once(process, 'message');
  await say({ ask: asked });
  const [answer] = (await answered) as [ProgramAnswer];
  if ('error' in answer) throw fail(answer.error, answer.detail);
  return answer.value;
}

/** What a program that makes a file can say: `begin` before the first byte. */
export type Orderer = {
  begin(begun: unknown): Promise<void>;
  ask(asked: object): Promise<unknown>;
};

/** Runs this process as a program that makes one file, writes it to its output, and ends: see `streamProgram`. */
export function serveOrder<Order>(make: (order: Order, orderer: Orderer) => Promise<void>): void {
  // Nobody wants it any more.
  process.once('disconnect', () => process.exit(1));
  once(process, 'message')
    .then(([order]) => make(order as Order, { begin: (begun) => say({ begun }), ask }))
    .then(
      () => process.exit(0),
      async (e: unknown) => {
        const { code, detail } = e instanceof TapedeckError ? e : fail('internal', (e as Error).message);
        await say({ error: code, detail }).catch(() => {});
        process.exit(1);
      },
    );
}
