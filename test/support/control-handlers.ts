import type { Readable } from 'node:stream';
import { fail } from '../../daemon/domain/error.js';
import {
  CONTROL,
  type ControlHandlers,
  STREAMS,
  type StreamHandlers,
} from '../../daemon/domain/operations/control.js';

const failing = (names: string[]): object =>
  Object.fromEntries(
    names.map((name) => [
      name,
      async () => {
        throw fail('internal', `${name} is not in this test`);
      },
    ]),
  );

/** Handlers of a test's own; whatever else is asked for fails. */
export const handlersOf = (own: Partial<ControlHandlers>): ControlHandlers => ({
  ...(failing(Object.keys(CONTROL)) as ControlHandlers),
  ...own,
});

/** The same for those that are answered by a stream. */
export const streamsOf = (own: Partial<StreamHandlers<Readable>> = {}): StreamHandlers<Readable> => ({
  ...(failing(Object.keys(STREAMS)) as StreamHandlers<Readable>),
  ...own,
});
