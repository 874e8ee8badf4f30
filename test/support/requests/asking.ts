import type { Readable } from 'node:stream';
import { Value } from 'typebox/value';
import { fail } from '../../../daemon/domain/error.js';
import {
  CONTROL,
  type ControlHandlers,
  type ControlName,
  type StreamHandlers,
} from '../../../daemon/domain/operations/control.js';
import type { Deps } from '../../../web/app.js';

/** Asks these handlers as the control socket does: what is not in the contract is refused on the way there and back. */
export function asker(
  handlers: ControlHandlers | object,
  streams: StreamHandlers<Readable>,
  note: (name: ControlName, body: unknown) => void,
): Pick<Deps, 'ask' | 'askStream'> {
  const overWire = (value: unknown) => JSON.parse(JSON.stringify(value ?? {})) as unknown;
  return {
    async ask(name, given) {
      const body = overWire(given);
      note(name, body);
      const { body: shape, answer } = CONTROL[name];
      const [fault] = Value.Errors(shape, body);
      if (fault) throw fail('request_invalid', `${name}${fault.instancePath}: ${fault.message}`);
      const handle = (handlers as Record<ControlName, ((body: unknown) => unknown) | undefined>)[name];
      if (!handle) throw fail('daemon_unreachable', `${name} is not in this test.`);
      const said = overWire(await handle(body));
      if (!Value.Check(answer, said)) throw fail('daemon_differs', name);
      return said as never;
    },
    askStream: (name, body, gone) =>
      streams[name](body as never, gone ?? new AbortController().signal) as never,
  };
}

/** Has the recorder's half of a dashboard answer nothing until what this returns is called: all `daemon_unreachable`. */
export function goAway({ handlers }: { handlers: ControlHandlers | object }): () => void {
  const all = { ...handlers };
  for (const name of Object.keys(all)) delete (handlers as Record<string, unknown>)[name];
  return () => void Object.assign(handlers, all);
}
