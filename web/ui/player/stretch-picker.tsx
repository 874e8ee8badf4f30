import { useRef } from 'preact/hooks';
import { t } from '../messages/language.js';
import type { Peaks } from '../state/api.js';
import { instantText } from './instant.js';
import { Waveform } from './lanes.js';

/** A stretch of a recording, in ms; null for an end that is not known yet. */
export type Picked = { side: 'both' | 'them' | 'us'; from: number | null; until: number | null };
type Ends = { from: number; until: number };

type Props = {
  /** Null where there is nothing to draw: the ends can be moved all the same. */
  peaks: Peaks | null;
  total: number;
  stretches: readonly Picked[];
  /** Which of them a drag over the recording sets. */
  current: number;
  change: (index: number, ends: Ends) => void;
};

const SMALL_MS = 100;
const LARGE_MS = 1_000;
const PAGE_MS = 10_000;

/** Both sides of a recording, over which stretches are dragged; each end is a slider of its own for keys and screen readers. */
export function StretchPicker({ peaks, total, stretches, current, change }: Props) {
  const track = useRef<HTMLDivElement>(null);
  /** Where a drag began, ms. */
  const began = useRef<number | null>(null);
  const under = (event: PointerEvent): number => {
    const box = track.current!.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return share === 1 ? total : Math.round((share * total) / SMALL_MS) * SMALL_MS;
  };
  const drag = (event: PointerEvent) => {
    if (began.current === null) return;
    const now = under(event);
    const [from, until] = [Math.min(began.current, now), Math.max(began.current, now)];
    if (until - from >= SMALL_MS) change(current, { from, until });
  };
  const percent = (ms: number) => `${(ms / (total || 1)) * 100}%`;
  return (
    <div class="picker">
      <div class="picker-names" aria-hidden="true">
        <span class="lane-them">{t.player.them}</span>
        <span class="lane-us">{t.player.us}</span>
      </div>
      <div
        class="picker-room"
        onPointerDown={(e) => {
          if (e.button !== 0) return;
          e.currentTarget.setPointerCapture(e.pointerId);
          began.current = under(e);
        }}
        onPointerMove={drag}
        onPointerUp={() => {
          began.current = null;
        }}
        onPointerCancel={() => {
          began.current = null;
        }}
      >
        <div class="picker-track" ref={track}>
          <Waveform peaks={peaks} />
          {stretches.map(({ side, from, until }, i) => {
            const start = from ?? 0;
            const end = Math.max(start, until ?? start);
            const name = { n: i + 1, of: stretches.length };
            return (
              <div key={i} class={i === current ? 'picked picked-current' : 'picked'}>
                <span
                  class={`picked-stretch picked-${side}`}
                  style={{ left: percent(start), width: percent(end - start) }}
                />
                <End
                  which="from"
                  label={t.redact.startOf(name)}
                  at={start}
                  low={0}
                  high={Math.max(0, (until ?? total) - SMALL_MS)}
                  total={total}
                  under={under}
                  move={(ms) => change(i, { from: ms, until: Math.max(end, ms + SMALL_MS) })}
                />
                <End
                  which="until"
                  label={t.redact.endOf(name)}
                  at={end}
                  low={Math.min(total, start + SMALL_MS)}
                  high={total}
                  total={total}
                  under={under}
                  move={(ms) => change(i, { from: start, until: ms })}
                />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

type EndProps = {
  which: 'from' | 'until';
  label: string;
  at: number;
  low: number;
  high: number;
  total: number;
  under: (event: PointerEvent) => number;
  move: (ms: number) => void;
};

function End({ which, label, at, low, high, total, under, move }: EndProps) {
  const held = useRef(false);
  const to = (ms: number) => move(Math.min(high, Math.max(low, ms)));
  const keys = (event: KeyboardEvent) => {
    const small = event.shiftKey ? LARGE_MS : SMALL_MS;
    const moves: Record<string, number> = {
      ArrowRight: small,
      ArrowUp: small,
      ArrowLeft: -small,
      ArrowDown: -small,
      PageUp: PAGE_MS,
      PageDown: -PAGE_MS,
      Home: -total,
      End: total,
    };
    const by = moves[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    // The keys of the player are not meant.
    event.stopPropagation();
    to(at + by);
  };
  return (
    <div
      class={`picker-end picker-${which}`}
      style={{ left: `${(at / (total || 1)) * 100}%` }}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={low / 1_000}
      aria-valuemax={high / 1_000}
      aria-valuenow={at / 1_000}
      aria-valuetext={t.redact.instant({ minutes: Math.floor(at / 60_000), seconds: (at % 60_000) / 1_000 })}
      title={instantText(at)}
      onKeyDown={keys}
      onPointerDown={(e) => {
        if (e.button !== 0) return;
        e.stopPropagation();
        e.currentTarget.setPointerCapture(e.pointerId);
        held.current = true;
      }}
      onPointerMove={(e) => {
        if (held.current) to(under(e));
      }}
      onPointerUp={() => {
        held.current = false;
      }}
      onPointerCancel={() => {
        held.current = false;
      }}
    />
  );
}
