import { Type } from 'typebox';
import { BriefStatus, DaemonStatus } from '../../daemon/domain/operations/status.js';

/** The shapes of how the box is. */
const Daemon = Type.Union([Type.Literal('up'), Type.Literal('down')]);

export const StatusView = Type.Object({ daemon: Daemon, ...DaemonStatus.properties });

/** What every page gets in the stream of events. */
export const BriefStatusView = Type.Object({ daemon: Daemon, ...BriefStatus.properties });

export const UpgradeView = Type.Object({
  upgrade: Type.Union([
    Type.Object({
      phase: Type.Enum(['copy', 'migrate', 'finish']),
      percent: Type.Integer({ minimum: 0, maximum: 100 }),
      since: Type.String({ format: 'date-time' }),
      waits: Type.Boolean({
        description: 'It failed and is tried again every minute; the log of the recorder says why.',
      }),
    }),
    Type.Null(),
  ]),
});

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
