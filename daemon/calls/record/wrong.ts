import { type CallId, parseOurs } from '../../domain/recording/recording.js';
import type { Live } from './live.js';

/** A recording that ends is most often that of a leg which hangs up: the news of that comes right after, ms. */
const GOODBYE = 1_000;

/** Sees that a capture has to be begun anew. */
export function createWrong(around: {
  all: () => Iterable<Live>;
  isUp: (legId: string) => boolean;
  reconsider: (l: Live) => void;
}) {
  const goodbyes = new Set<NodeJS.Timeout>();

  const capturing = (callId: CallId, seq: number): Live | undefined =>
    [...around.all()].find(
      ({ segment }) => segment?.callId.toUpperCase() === callId.toUpperCase() && segment.seq === seq,
    );

  function tell(callId: CallId, seq: number, how: 'dead' | 'stopped'): void {
    const l = capturing(callId, seq);
    if (!l) return;
    l.wrong = { seq, how };
    around.reconsider(l);
  }

  return {
    tell,

    /** Asterisk has closed a file. If its leg does not hang up, it did so on its own (a full disk): it is begun anew. */
    spoolOver(name: string): void {
      const ours = parseOurs(name);
      if (!ours || !capturing(ours.callId, ours.seq)) return;
      const timer = setTimeout(() => {
        goodbyes.delete(timer);
        const segment = capturing(ours.callId, ours.seq)?.segment;
        if (segment && around.isUp(segment.legId)) tell(ours.callId, ours.seq, 'stopped');
      }, GOODBYE);
      goodbyes.add(timer);
    },

    stop(): void {
      for (const timer of goodbyes) clearTimeout(timer);
    },
  };
}
