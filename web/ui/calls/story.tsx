import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { wide } from '../kit/wide.js';
import { t } from '../messages/language.js';
import { exactParty, isNamed, nameOf } from '../messages/people.js';
import { length } from '../messages/when.js';
import { playable, player } from '../player/player.js';
import {
  axis,
  hatched,
  isThere,
  lanesOf,
  type Mark,
  markLasted,
  markLength,
  markName,
  marksOf,
  oneSided,
  onLane,
  rows,
  type Scale,
  scaleOf,
  share,
  sideOf,
  stayWords,
  stretch,
  waiting,
} from '../player/timeline.js';
import type { CallDetail } from '../state/api.js';
import { second } from '../state/live.js';

/** What happened, to scale: a lane a party, stretches of hold and waiting, ticks for the rest; then the same in words. */
export function Story({ call }: { call: CallDetail }) {
  const Title = wide.value ? 'h3' : 'h2';
  const since = call.state === 'live' && call.answered_at ? Date.parse(call.answered_at) : null;
  const scale = scaleOf(call, since === null ? 0 : second.value - since);
  const lanes = lanesOf(call, scale);
  const marks = marksOf(call);
  const caption = useSignal('');
  const [track, width] = useWidth();
  const places = rows(marks, scale, width);
  const seek = playable(call)
    ? (m: Mark) => {
        player.load(call);
        player.seek(m.at_ms);
      }
    : null;

  return (
    <section class="story" aria-labelledby="story-title">
      <div class="story-head">
        <Title id="story-title">{t.call.story}</Title>
        <p class="story-caption" aria-hidden="true">
          {caption.value}
        </p>
      </div>
      {lanes.length === 0 && <p class="quiet">{t.call.noLegs}</p>}
      <div class="story-grid">
        <div class="story-under" aria-hidden="true">
          {marks
            .filter((m) => m.until_ms !== null && (hatched(m) || waiting(m)) && !onLane(m) && !oneSided(m))
            .map((m) => (
              <Stretch key={`${m.kind} ${m.at_ms}`} mark={m} scale={scale} />
            ))}
        </div>
        <div class={`story-marks story-marks-${Math.max(0, ...places.map((p) => (p ?? 0) + 1))}`} ref={track}>
          {marks.map((m, i) => (
            <Tick
              key={`${m.kind} ${m.at_ms} ${m.text}`}
              mark={m}
              row={places[i] ?? null}
              scale={scale}
              seek={seek}
              show={(text) => {
                caption.value = text;
              }}
            />
          ))}
        </div>
        {lanes.map((lane) => (
          <div class="story-lane" key={`${lane.party.number} ${lane.party.name}`}>
            <p
              class="story-name"
              title={exactParty(lane.party)}
              translate={isNamed(lane.party) ? false : undefined}
            >
              <bdi>{nameOf(lane.party)}</bdi>
            </p>
            <div
              class={`story-track ${lane.party.ours ? 'story-us' : 'story-them'}`}
              role="img"
              aria-label={stayWords(lane)}
            >
              {lane.stays.map((s) => (
                <span
                  key={s.from}
                  class={`story-stay ${s.open ? 'story-open' : ''} ${s.rang ? 'story-rang' : ''}`}
                  style={stretch(s.from, s.to, scale)}
                />
              ))}
              {lane.marks.map((m) => (
                <Stretch key={`${m.kind} ${m.at_ms}`} mark={m} scale={scale} />
              ))}
              {marks
                .filter((m) => oneSided(m) && m.side === sideOf(lane, call) && isThere(lane, m))
                .map((m) => (
                  <Stretch key={`gap ${m.at_ms}`} mark={m} scale={scale} />
                ))}
            </div>
          </div>
        ))}
        <div class="story-axis" aria-hidden="true">
          {axis(scale, width).map((ms) => (
            <span key={ms} style={{ left: share(ms, scale) }}>
              {length(ms)}
            </span>
          ))}
        </div>
        <Playhead call={call} scale={scale} />
      </div>
      {marks.length > 0 && <Happened marks={marks} seek={seek} />}
    </section>
  );
}

function Stretch({ mark, scale }: { mark: Mark; scale: Scale }) {
  return (
    <span
      class={
        mark.kind === 'unheard' ? 'unheard' : oneSided(mark) ? 'lack' : hatched(mark) ? 'hatch' : 'story-wait'
      }
      style={stretch(mark.at_ms, mark.until_ms ?? mark.at_ms, scale)}
    />
  );
}

type TickProps = {
  mark: Mark;
  row: number | null;
  scale: Scale;
  seek: ((m: Mark) => void) | null;
  show: (text: string) => void;
};

function Tick({ mark, row, scale, seek, show }: TickProps) {
  const at = length(mark.at_ms);
  const label = t.call.seekTo({ name: markName(mark), at, lasted: markLength(mark) });
  const style = { left: share(mark.at_ms, scale) };
  if (row === null) return <span class="tick-bare" style={style} />;
  const shared = {
    class: `tick tick-${mark.kind} tick-row-${row}`,
    style,
    'aria-label': label,
    onPointerEnter: () => show(label),
    onPointerLeave: () => show(''),
    onFocus: () => show(label),
    onBlur: () => show(''),
  };
  if (seek) return <button type="button" {...shared} onClick={() => seek(mark)} />;
  // biome-ignore lint/a11y/noNoninteractiveTabindex: its name shows on focus, as on hover
  return <span role="img" tabIndex={0} {...shared} />;
}

function Happened({ marks, seek }: { marks: Mark[]; seek: ((m: Mark) => void) | null }) {
  const Title = wide.value ? 'h4' : 'h3';
  return (
    <div class="happened">
      <Title>{t.call.happened}</Title>
      <ol>
        {marks.map((m) => (
          <li key={`${m.kind} ${m.at_ms} ${m.text}`}>
            {seek ? (
              <button type="button" class="happened-at" onClick={() => seek(m)}>
                {length(m.at_ms)}
              </button>
            ) : (
              <span class="happened-at">{length(m.at_ms)}</span>
            )}
            <span>
              <bdi>{markName(m)}</bdi>{' '}
              {markLasted(m) && <span class="quiet">{t.call.bracketed({ length: markLasted(m) })}</span>}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Playhead({ call, scale }: { call: CallDetail; scale: Scale }) {
  if (player.call.value?.id !== call.id) return null;
  return (
    <div class="story-over" aria-hidden="true">
      <span class="playhead" style={{ left: share(player.at.value, scale) }} />
    </div>
  );
}

function useWidth() {
  const element = useRef<HTMLDivElement>(null);
  const width = useSignal(600);
  useEffect(() => {
    const box = element.current;
    if (!box) return;
    const observer = new ResizeObserver(() => {
      width.value = box.clientWidth;
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  return [element, width.value] as const;
}
