import { useSignal } from '@preact/signals';
import { useMemo, useRef } from 'preact/hooks';
import { t } from '../messages/language.js';
import { length, lengthInWords } from '../messages/when.js';
import type { Peaks } from '../state/api.js';
import { player } from './player.js';
import { hatched, type Mark, markName, marksOf } from './timeline.js';

const COLUMNS = 900;
const HALF = 11;

/** The outline of one side around its middle line, at most COLUMNS points wide; peaks are 0 to 255. */
function outline(peaks: number[], middle: number, loudest: number): string {
  const columns = Math.min(COLUMNS, peaks.length);
  if (columns === 0) return '';
  const tops = Array.from({ length: columns }, (_, i) => {
    let top = 0;
    const until = Math.floor(((i + 1) * peaks.length) / columns);
    for (let p = Math.floor((i * peaks.length) / columns); p < until; p++) top = Math.max(top, peaks[p] ?? 0);
    return Math.max(0.5, (top / loudest) * HALF);
  });
  const x = (i: number) => ((i / columns) * COLUMNS).toFixed(1);
  const up = tops.map((h, i) => `${x(i)} ${(middle - h).toFixed(1)}`);
  const down = tops.map((h, i) => `${x(i)} ${(middle + h).toFixed(1)}`).reverse();
  return `M${up.join('L')}L${COLUMNS} ${middle}L${down.join('L')}Z`;
}

function useOutlines(peaks: Peaks | null) {
  return useMemo(() => {
    if (!peaks) return null;
    // Quiet calls are drawn larger, but silence stays silence.
    const loudest = Math.max(
      48,
      peaks.left.reduce((a, b) => Math.max(a, b), 0),
      peaks.right.reduce((a, b) => Math.max(a, b), 0),
    );
    return { them: outline(peaks.left, 12, loudest), us: outline(peaks.right, 40, loudest) };
  }, [peaks]);
}

/** Both sides of the recording, them above and us below. */
export function Lanes() {
  return (
    <div class="lanes-line">
      <div class="lane-names" aria-hidden="true">
        {player.call.value?.imported?.sides === 'mixed' ? (
          <span class="lane-mixed">{t.player.mixed}</span>
        ) : (
          <>
            <span class="lane-them">{t.player.them}</span>
            <span class="lane-us">{t.player.us}</span>
          </>
        )}
      </div>
      <Slider />
    </div>
  );
}

/** The waves and the playhead: one slider for mouse, touch, keys and screen readers. */
function Slider() {
  const slider = useRef<HTMLDivElement>(null);
  const dragged = useSignal<number | null>(null);
  const hovered = useSignal<number | null>(null);
  const outlines = useOutlines(player.peaks.value);
  const total = player.duration.value;
  const marks = player.call.value ? marksOf(player.call.value) : [];

  const under = (event: PointerEvent) => {
    const box = slider.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * total;
  };
  const keys = (event: KeyboardEvent) => {
    const small = event.shiftKey ? 1000 : 5000;
    const moves: Record<string, number> = {
      ArrowRight: small,
      ArrowUp: small,
      ArrowLeft: -small,
      ArrowDown: -small,
      PageUp: 30_000,
      PageDown: -30_000,
      Home: -total,
      End: total,
    };
    const by = moves[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    player.skip(by);
  };
  const told = dragged.value ?? player.told.value;
  return (
    <div
      ref={slider}
      class="lanes"
      role="slider"
      tabIndex={0}
      aria-label={t.player.position}
      aria-valuemin={0}
      aria-valuemax={Math.round(total / 1000)}
      aria-valuenow={Math.round(told / 1000)}
      aria-valuetext={spoken(told, total, marks)}
      onKeyDown={keys}
      onPointerDown={(e) => {
        if (e.button !== 0) return;
        slider.current?.setPointerCapture(e.pointerId);
        dragged.value = under(e);
      }}
      onPointerMove={(e) => {
        hovered.value = under(e);
        if (dragged.value !== null) dragged.value = under(e);
      }}
      onPointerUp={() => {
        if (dragged.value !== null) player.seek(dragged.value);
        dragged.value = null;
      }}
      onPointerCancel={() => {
        dragged.value = null;
      }}
      onPointerLeave={() => {
        hovered.value = null;
      }}
    >
      {outlines ? (
        <Waves them={outlines.them} us={outlines.us} dragged={dragged.value} />
      ) : (
        <svg class="waves" aria-hidden="true" viewBox={`0 0 ${COLUMNS} 52`} preserveAspectRatio="none" />
      )}
      {player.noPeaks.value && <span class="lanes-none">{t.player.noPeaks}</span>}
      <Signs marks={marks} total={total} />
      <Head dragged={dragged.value} total={total} />
      {hovered.value !== null && total > 0 && <Hint at={hovered.value} total={total} marks={marks} />}
    </div>
  );
}

/** Both sides, and nothing of where they are played. */
export function Waveform({ peaks }: { peaks: Peaks | null }) {
  const outlines = useOutlines(peaks);
  return (
    <svg class="waves" aria-hidden="true" viewBox={`0 0 ${COLUMNS} 52`} preserveAspectRatio="none">
      {outlines && (
        <>
          <path class="wave wave-them" d={outlines.them} />
          <path class="wave wave-us" d={outlines.us} />
        </>
      )}
    </svg>
  );
}

function Waves({ them, us, dragged }: { them: string; us: string; dragged: number | null }) {
  const total = player.duration.value || 1;
  const done = ((dragged ?? player.at.value) / total) * COLUMNS;
  return (
    <svg class="waves" aria-hidden="true" viewBox={`0 0 ${COLUMNS} 52`} preserveAspectRatio="none">
      <clipPath id="wave-done">
        <rect x="0" y="0" width={done} height="52" />
      </clipPath>
      <path class="wave wave-them" d={them} />
      <path class="wave wave-us" d={us} />
      <g clip-path="url(#wave-done)">
        <path class="wave-done wave-them" d={them} />
        <path class="wave-done wave-us" d={us} />
      </g>
    </svg>
  );
}

function Signs({ marks, total }: { marks: Mark[]; total: number }) {
  const percent = (ms: number) => `${(Math.max(0, ms) / (total || 1)) * 100}%`;
  return (
    <div class="signs" aria-hidden="true">
      {marks
        .filter((m) => (m.until_ms ?? m.at_ms) >= 0 && m.at_ms <= total)
        .map((m) =>
          m.until_ms !== null && hatched(m) ? (
            <span
              key={`${m.kind} ${m.at_ms} ${m.side}`}
              class={m.kind === 'unheard' ? 'unheard' : `hatch hatch-${m.side ?? 'both'}`}
              style={{
                left: percent(m.at_ms),
                width: percent(Math.min(total, m.until_ms) - Math.max(0, m.at_ms)),
              }}
            >
              {m.kind === 'unheard' && <span class="unheard-words">{m.text}</span>}
            </span>
          ) : (
            <span key={`${m.kind} ${m.at_ms}`} class="sign" style={{ left: percent(m.at_ms) }} />
          ),
        )}
    </div>
  );
}

function Head({ dragged, total }: { dragged: number | null; total: number }) {
  const at = dragged ?? player.at.value;
  return <span class="playhead" style={{ left: `${(at / (total || 1)) * 100}%` }} />;
}

function Hint({ at, total, marks }: { at: number; total: number; marks: Mark[] }) {
  const name = nameAt(at, total, marks);
  return (
    <span
      class={`lanes-hint ${at > total / 2 ? 'lanes-hint-left' : ''}`}
      style={{ left: `${(at / total) * 100}%` }}
    >
      {length(at)} {name && <bdi>{name}</bdi>}
    </span>
  );
}

/** The mark that holds at this time, or that is within a hundredth of the length. */
function nameAt(at: number, total: number, marks: Mark[]): string {
  const near = total / 100;
  const found =
    marks.find((m) => m.until_ms !== null && m.at_ms <= at && at < m.until_ms) ??
    marks.find((m) => Math.abs(m.at_ms - at) <= near);
  return found ? markName(found) : '';
}

function spoken(at: number, total: number, marks: Mark[]): string {
  const now = marks.find((m) => m.until_ms !== null && m.at_ms <= at && at < m.until_ms);
  return t.player.at({ at: lengthInWords(at), of: lengthInWords(total), mark: now ? markName(now) : '' });
}
