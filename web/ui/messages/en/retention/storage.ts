import type { Retention } from '../../../state/api-retention.js';
import { count, percent, plural } from '../../locale.js';

const recordings = (n: number) => plural(n, { one: '1 recording', other: `${count(n)} recordings` });
const moved = ({ n, faults }: { n: number; faults: number }) =>
  `${recordings(n)} moved${faults > 0 ? `, ${count(faults)} could not be moved` : ''}`;

type Way = Retention['storage']['when_full'][number];
const ways: Record<Way, string> = {
  archive: 'moves the oldest recordings to the archive before their time',
  erase: 'erases due recordings without waiting for the nightly run',
};

/** The messages about where recordings lie. */
export const storageText = {
  title: 'Storage',
  down: 'Not known while the recorder is not running.',
  columns: {
    place: 'Place',
    recordings: 'Recordings',
    size: 'Size',
    free: 'Free',
    forecast: 'Forecast',
  },
  hot: 'This machine',
  archive: 'Archive',
  unknown: 'Not measured yet',
  free: ({ free, total, share }: { free: string; total: string; share: number }) =>
    `${free} of ${total} (${percent(share)})`,
  days: ({ days }: { days: number | null }) =>
    days === null
      ? 'Too early to tell'
      : days > 365
        ? 'Room for more than a year'
        : plural(days, { one: 'Full in about 1 day', other: `Full in about ${count(days)} days` }),
  noForecast: 'No forecast',
  moves: ({ days }: { days: number }) =>
    days === 0
      ? 'Recordings move to the archive on the first night after they were made.'
      : `Recordings move to the archive ${plural(days, { one: '1 day', other: `${count(days)} days` })} after they were made.`,
  noArchive: 'No archive is set up, so every recording stays on this machine.',
  whenFull: ({ order }: { order: readonly Way[] }) =>
    order.length === 0
      ? 'When the data disk runs out of room, Tapedeck moves and erases nothing. New calls are not recorded until there is room again.'
      : `When the data disk runs out of room, Tapedeck ${order.map((way) => ways[way]).join(', then ')}. It never erases recordings that a legal hold or a minimum protects. If this does not free enough room, new calls are not recorded.`,
  move: {
    start: 'Move due recordings to the archive now',
    begun: 'The move to the archive was requested.',
    cancel: 'Cancel move',
    wasCancelled: 'The move was cancelled.',
    label: 'Progress of the move',
    waiting: 'The move to the archive is waiting to start.',
    progress: ({ done, total, faults }: { done: number; total: number; faults: number }) =>
      `Moving to the archive: ${count(done)} of ${recordings(total)} done${faults > 0 ? `, ${count(faults)} could not be moved` : ''}.`,
    paused: 'Paused; it continues by itself.',
    done: ({ when, ...ended }: { when: string; n: number; faults: number }) =>
      `Last move ${when}: ${moved(ended)}.`,
    cancelled: ({ when, ...ended }: { when: string; n: number; faults: number }) =>
      `The last move was cancelled ${when}: ${moved(ended)}.`,
    failed: ({ when, ...ended }: { when: string; n: number; faults: number }) =>
      `The last move failed ${when}: ${moved(ended)}.`,
  },
};
