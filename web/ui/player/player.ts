import { batch, computed, signal } from '@preact/signals';
import {
  ApiError,
  api,
  audioProblem,
  audioUrl,
  type CallDetail,
  type Peaks,
  tellHeard,
} from '../state/api.js';
import { forgotten, needsNoReason, withReason } from '../state/reason.js';
import { remembered } from '../state/remembered.js';
import { createSounded } from './sounded.js';

/** The one player of the desk: it goes on while pages change. Times are milliseconds on the recording. */
const call = signal<CallDetail | null>(null);
const peaks = signal<Peaks | null>(null);
/** The recording can be heard and not drawn. */
const noPeaks = signal(false);
const playing = signal(false);
const at = signal(0);
/** The position as last told to a screen reader: on every seek, and now and then while playing. */
const told = signal(0);
const problem = signal<unknown>(null);

export const speeds = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3];
const speed = signal(
  speeds.includes(Number(remembered.read('speed'))) ? Number(remembered.read('speed')) : 1,
);
const volume = signal(clamp(Number(remembered.read('volume') ?? 1), 0, 1));
const duration = computed(() => peaks.value?.duration_ms || call.value?.recording?.duration_ms || 0);

/** Where playing ends by itself, ms; null at the end of the recording. */
let stopAt: number | null = null;
const TELL_EVERY_MS = 5000;
/** Nothing is fetched before somebody presses play: an access log then says what was really heard. */
const audio = document.createElement('audio');
audio.preload = 'none';
document.body.append(audio);

/** Safari plays Ogg Opus from 18.4 on. Nothing is asked for that the browser could not play: it would count as played. */
const canPlay = audio.canPlayType('audio/ogg; codecs=opus') !== '';

const sounded = createSounded(tellHeard);

function clamp(n: number, low: number, high: number): number {
  return Number.isFinite(n) ? Math.min(high, Math.max(low, n)) : high;
}

function load(next: CallDetail): void {
  if (call.value?.id === next.id) {
    call.value = next;
    return;
  }
  audio.pause();
  void sounded.end();
  batch(() => {
    call.value = next;
    peaks.value = null;
    noPeaks.value = false;
    problem.value = null;
    playing.value = false;
    at.value = beginning(next);
    told.value = at.value;
  });
  audio.src = audioUrl(next.id);
  if (needsNoReason(next, 'play')) draw(next);
}

/** Shows the waveform, which needs the same reason as the sound. */
function draw(now: CallDetail): void {
  if (peaks.value !== null) return;
  api.peaks(now.id).then(
    (p) => {
      if (call.value?.id === now.id) peaks.value = p;
    },
    () => {
      if (call.value?.id === now.id) noPeaks.value = true;
    },
  );
}

/** Is silent; resolves when the server knows what has sounded. */
function hush(): Promise<void> {
  audio.pause();
  if (call.value && playing.value) sounded.at(call.value.id, audio.currentTime * 1000);
  return sounded.end();
}

function unload(): void {
  void hush();
  audio.removeAttribute('src');
  audio.load();
  batch(() => {
    call.value = null;
    peaks.value = null;
    playing.value = false;
    problem.value = null;
  });
}

/** Where there is something to hear: what comes before is silent for whoever joined later. */
const beginning = (c: CallDetail) => c.you.heard[0]?.from_ms ?? 0;

function play(): void {
  const now = call.value;
  if (now && !canPlay) problem.value = new ApiError(0, { code: 'cannot_play' });
  else if (now)
    withReason(now, 'play', () => {
      if (call.value?.id !== now.id) return;
      draw(now);
      begin(now);
    });
}

function begin(now: CallDetail): void {
  problem.value = null;
  if (duration.value > 0 && at.value >= duration.value - 50) seek(beginning(now));
  if (audio.error) audio.load();
  if (audio.readyState === 0) audio.currentTime = at.value / 1000;
  audio.playbackRate = speed.value;
  audio.defaultPlaybackRate = speed.value;
  audio.volume = volume.value;
  audio.play().catch((cause: DOMException) => {
    // A pause or another call in the meantime is no fault.
    if (cause.name !== 'AbortError' && !audio.error) problem.value = new ApiError(0, { code: 'cannot_play' });
  });
}

/** Plays a stretch, and no more. */
function playStretch(from: number, until: number): void {
  seek(from);
  play();
  stopAt = until;
}

function seek(ms: number): void {
  stopAt = null;
  const to = clamp(ms, 0, duration.value);
  batch(() => {
    at.value = to;
    told.value = to;
  });
  audio.currentTime = to / 1000;
}

function setSpeed(to: number): void {
  speed.value = to;
  audio.playbackRate = to;
  audio.defaultPlaybackRate = to;
  remembered.write('speed', String(to));
}

function follow(): void {
  if (audio.paused) return;
  const now = audio.currentTime * 1000;
  if (stopAt !== null && !audio.seeking && now >= stopAt) audio.pause();
  if (!audio.seeking) {
    at.value = Math.min(now, duration.value || now);
    if (Math.abs(now - told.value) >= TELL_EVERY_MS) told.value = now;
  }
  requestAnimationFrame(follow);
}

/** What really sounds is told for the audit log; unlike frames, these events come while the page is behind others too. */
function sounds(): void {
  if (call.value && !audio.paused && !audio.seeking) sounded.at(call.value.id, audio.currentTime * 1000);
}
// The first is where it begins: the times come up to a quarter of a second later.
audio.addEventListener('playing', sounds);
audio.addEventListener('timeupdate', sounds);
audio.addEventListener('seeking', () => sounded.cut());
audio.addEventListener('pause', () => {
  if (call.value && !audio.seeking && audio.played.length > 0)
    sounded.at(call.value.id, audio.currentTime * 1000);
  void sounded.end();
});
audio.addEventListener('pause', () => {
  stopAt = null;
});
addEventListener('pagehide', () => void sounded.end());
audio.addEventListener('play', () => {
  playing.value = true;
  requestAnimationFrame(follow);
});
audio.addEventListener('pause', () => {
  playing.value = false;
  told.value = at.value;
});
audio.addEventListener('ended', () => {
  playing.value = false;
  at.value = duration.value;
  told.value = duration.value;
});
audio.addEventListener('error', () => {
  const now = call.value;
  if (!now || !audio.getAttribute('src')) return;
  playing.value = false;
  audioProblem(now.id).then((found) => {
    if (call.value?.id !== now.id) return;
    if (found?.code === 'reason_needed') {
      forgotten(now, 'play');
      play();
    } else problem.value = found ?? new ApiError(0, { code: 'cannot_play' });
  });
});

export const player = {
  /** Whether this browser plays recordings at all. */
  canPlay,
  call,
  peaks,
  noPeaks,
  playing,
  at,
  told,
  speed,
  volume,
  duration,
  problem,
  load,
  unload,
  play,
  playStretch,
  pause: () => audio.pause(),
  hush,
  toggle: () => (audio.paused ? play() : audio.pause()),
  seek,
  skip: (ms: number) => seek(at.value + ms),
  setSpeed,
  faster(steps: number) {
    const index = clamp(speeds.indexOf(speed.value) + steps, 0, speeds.length - 1);
    setSpeed(speeds[index] ?? 1);
  },
  setVolume(to: number) {
    volume.value = clamp(to, 0, 1);
    audio.volume = volume.value;
    remembered.write('volume', String(volume.value));
  },
};

export const playable = (c: CallDetail) => c.recording?.state === 'sealed' && c.you.hears !== 'none';
