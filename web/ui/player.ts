import { batch, computed, signal } from '@preact/signals';
import { ApiError, api, audioProblem, audioUrl, type CallDetail, type Peaks } from './api.js';
import { remembered } from './remembered.js';

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

const TELL_EVERY_MS = 5000;
/** Nothing is fetched before somebody presses play: an access log then says what was really heard. */
const audio = document.createElement('audio');
audio.preload = 'none';
document.body.append(audio);

function clamp(n: number, low: number, high: number): number {
  return Number.isFinite(n) ? Math.min(high, Math.max(low, n)) : high;
}

function load(next: CallDetail): void {
  if (call.value?.id === next.id) {
    call.value = next;
    return;
  }
  audio.pause();
  batch(() => {
    call.value = next;
    peaks.value = null;
    noPeaks.value = false;
    problem.value = null;
    playing.value = false;
    at.value = 0;
    told.value = 0;
  });
  audio.src = audioUrl(next.id);
  api.peaks(next.id).then(
    (p) => {
      if (call.value?.id === next.id) peaks.value = p;
    },
    () => {
      if (call.value?.id === next.id) noPeaks.value = true;
    },
  );
}

function unload(): void {
  audio.pause();
  audio.removeAttribute('src');
  audio.load();
  batch(() => {
    call.value = null;
    peaks.value = null;
    playing.value = false;
    problem.value = null;
  });
}

function play(): void {
  if (!call.value) return;
  problem.value = null;
  if (duration.value > 0 && at.value >= duration.value - 50) seek(0);
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

function seek(ms: number): void {
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
  if (!audio.seeking) {
    at.value = Math.min(now, duration.value || now);
    if (Math.abs(now - told.value) >= TELL_EVERY_MS) told.value = now;
  }
  requestAnimationFrame(follow);
}

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
  const id = call.value?.id;
  if (!id || !audio.getAttribute('src')) return;
  playing.value = false;
  audioProblem(id).then((found) => {
    if (call.value?.id === id) problem.value = found ?? new ApiError(0, { code: 'cannot_play' });
  });
});

export const player = {
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
  pause: () => audio.pause(),
  toggle: () => (playing.value ? audio.pause() : play()),
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

export const playable = (c: CallDetail) => c.recording?.state === 'sealed';
