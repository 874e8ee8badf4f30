import { once } from 'node:events';
import { WebSocket } from 'ws';
import { until } from '../support/recorder.js';

/** Where a Node process listens for a debugger when it is told to by SIGUSR1. */
const INSPECTOR = 'http://127.0.0.1:9229/json/list';

type Answer = { id?: number; result?: { result?: { value?: string } }; error?: { message: string } };

/**
 * Looks into a running Node process. `inUse` has it collect its garbage first and gives the memory that it needs then, in MB:
 * what a process holds otherwise says when it last collected, not whether it grows.
 */
export async function inspect(pid: number) {
  process.kill(pid, 'SIGUSR1');
  const url = await until('the inspector', async () => {
    const answer = await fetch(INSPECTOR).catch(() => null);
    const [target] = answer ? ((await answer.json()) as { webSocketDebuggerUrl: string }[]) : [];
    return target?.webSocketDebuggerUrl;
  });
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  socket.on('message', (data) => {
    const answer = JSON.parse(String(data)) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  async function ask(method: string, params = {}): Promise<Answer['result']> {
    const id = ++last;
    const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  const evaluate = (expression: string) => ask('Runtime.evaluate', { expression });

  return {
    /** From now on V8 makes no more machine code: what it holds for that grows for thousands of calls, and then no more. */
    async compileNoMore(): Promise<void> {
      for (const flag of ['--no-opt', '--no-maglev', '--no-sparkplug'])
        await evaluate(`process.getBuiltinModule('v8').setFlagsFromString('${flag}')`);
    },
    async inUse(): Promise<{ heap: number; rss: number }> {
      await ask('HeapProfiler.collectGarbage');
      const said = await evaluate('JSON.stringify(process.memoryUsage())');
      const { heapUsed, external, rss } = JSON.parse(said!.result!.value!) as NodeJS.MemoryUsage;
      return { heap: (heapUsed + external) / 2 ** 20, rss: rss / 2 ** 20 };
    },
    stop: () => socket.close(),
  };
}
