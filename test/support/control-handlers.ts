import { fail } from '../../daemon/domain/error.js';
import { CONTROL, type ControlHandlers } from '../../daemon/domain/operations/control.js';

/** Handlers of a test's own; whatever else is asked for fails. */
export const handlersOf = (own: Partial<ControlHandlers>): ControlHandlers => ({
  ...(Object.fromEntries(
    Object.keys(CONTROL).map((name) => [
      name,
      () => {
        throw fail('internal', `${name} is not in this test`);
      },
    ]),
  ) as unknown as ControlHandlers),
  ...own,
});
