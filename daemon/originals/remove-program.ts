import { createRemover } from './remove.js';

/**
 * The program that removes originals: started before the command gives up root, and told which files. It trusts nobody: it removes only
 * what lies below its folder, is a plain file and has the hash that it is given.
 */
export type RemoveOrder = { dir: string } | { path: string; sha256: string; dry: boolean };
export type RemoveAnswer = { result: string } | { failed: string };

const answer = (said: RemoveAnswer) => process.send!(said);
let remover: Awaited<ReturnType<typeof createRemover>> | null = null;
let turn: Promise<unknown> = Promise.resolve();

async function take(order: RemoveOrder): Promise<void> {
  try {
    if ('dir' in order) {
      remover = await createRemover(order.dir);
      answer({ result: 'ready' });
    } else answer({ result: await remover!.remove(order.path, order.sha256, order.dry) });
  } catch (e) {
    answer({ failed: (e as Error).message });
  }
}

process.on('message', (order: RemoveOrder) => {
  turn = turn.then(() => take(order));
});
process.once('disconnect', () => process.exit(0));
