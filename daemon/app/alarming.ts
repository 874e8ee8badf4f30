import { ulid } from 'ulid';
import { times } from '../domain/days.js';
import type { NewAlarmWhy } from '../domain/operations/alarm-codes.js';
import type { Channel } from '../notify/channel.js';
import { createChannels, createCheckpointChannels } from '../notify/channels.js';
import { createAlert } from '../operations/alert.js';
import { channelAlarm, createDeliver } from '../operations/deliver.js';
import type { Alarming, Base, Parts } from './parts.js';

type Trouble = Extract<NewAlarmWhy['code'], `${string}_undelivered`>;

/** Who is told of what goes wrong, and by which channels. */
export function createAlarming({ config, log, clock }: Base, { data: { catalogue } }: Parts): Alarming {
  /** A channel that takes nothing is an alarm for as long as that lasts. */
  const deliverBy = (channels: Channel[], part: string, code: Trouble) =>
    createDeliver({
      catalogue,
      channels,
      clock,
      log: log.child({ part }),
      onTrouble: (channel, detail) => {
        const key = channelAlarm(channel);
        if (detail === null) alert.clear(key);
        else alert.raise(key, { severity: 'warning', why: { code, params: { channel, detail } } });
      },
    });
  const deliver = deliverBy(createChannels(config), 'alert', 'alerts_undelivered');
  const alert = createAlert({
    catalogue,
    tell: deliver.tell,
    mint: () => ulid(),
    say: times(config.site.time_zone),
    clock,
    log: log.child({ part: 'alert' }),
  });
  const away = deliverBy(createCheckpointChannels(config), 'checkpoint', 'checkpoints_undelivered');
  return { alert, deliver, away };
}
