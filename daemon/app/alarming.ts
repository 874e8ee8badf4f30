import { ulid } from 'ulid';
import type { Channel } from '../notify/channel.js';
import { createChannels, createCheckpointChannels } from '../notify/channels.js';
import { createAlert } from '../operations/alert.js';
import { channelAlarm, createDeliver } from '../operations/deliver.js';
import type { Alarming, Base, Parts } from './parts.js';

/** Who is told of what goes wrong, and by which channels. */
export function createAlarming({ config, log, clock }: Base, { data: { catalogue } }: Parts): Alarming {
  /** A channel that takes nothing is an alarm for as long as that lasts. */
  const deliverBy = (channels: Channel[], part: string, trouble: string, hint: string) =>
    createDeliver({
      catalogue,
      channels,
      clock,
      log: log.child({ part }),
      onTrouble: (channel, why) => {
        const key = channelAlarm(channel);
        if (why === null) alert.clear(key);
        else alert.raise(key, { severity: 'warning', message: `${trouble} by ${channel}. ${why}`, hint });
      },
    });
  const deliver = deliverBy(
    createChannels(config),
    'alert',
    'Messages about alarms cannot be delivered',
    'Correct [alerts] in tapedeck.toml or what stands in the way; "tapedeck alert test" tries it.',
  );
  const alert = createAlert({
    catalogue,
    tell: deliver.tell,
    mint: () => ulid(),
    clock,
    log: log.child({ part: 'alert' }),
  });
  const away = deliverBy(
    createCheckpointChannels(config),
    'checkpoint',
    'Checkpoints of the audit log do not get off this machine',
    'Correct [audit] in tapedeck.toml or what stands in the way; what waits is sent by itself then.',
  );
  return { alert, deliver, away };
}
