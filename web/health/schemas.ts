import { Type } from 'typebox';
import { BriefStatus, DaemonStatus } from '../../daemon/domain/operations/status.js';

/** The shapes of how the box is. */
const Daemon = Type.Union([Type.Literal('up'), Type.Literal('down')]);

export const StatusView = Type.Object({ daemon: Daemon, ...DaemonStatus.properties });

/** What every page gets in the stream of events. */
export const BriefStatusView = Type.Object({ daemon: Daemon, ...BriefStatus.properties });

export const HealthView = Type.Object({
  status: Type.Enum(['ok', 'warn', 'fail']),
  problems: Type.Array(
    Type.Object({
      code: Type.String(),
      message: Type.String({
        description: 'A fixed sentence for each code: no names, numbers or addresses.',
      }),
    }),
  ),
});
