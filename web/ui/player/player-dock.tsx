import { DownloadLink } from '../kit/download-link.js';
import { ErrorNote } from '../kit/error-note.js';
import {
  BackIcon,
  CrossIcon,
  DownloadIcon,
  ForwardIcon,
  PauseIcon,
  PlayIcon,
  VolumeIcon,
} from '../kit/icons.js';
import { Sentence } from '../kit/sentence.js';
import { PartyName } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { percent } from '../messages/locale.js';
import { date, length } from '../messages/when.js';
import { Lanes } from './lanes.js';
import { player, speeds } from './player.js';

export function PlayerDock() {
  const call = player.call.value;
  if (!call) return null;
  return (
    <section class="dock" aria-label={t.player.label}>
      {player.problem.value !== null && (
        <div class="dock-problem">
          <ErrorNote problem={player.problem.value} retry={player.play} />
        </div>
      )}
      <div class="dock-what">
        <a href={`/calls/${encodeURIComponent(call.id)}`}>
          <PartyName party={call.them} />
        </a>
        <span>
          <Sentence
            of={t.player.what}
            parts={{ us: <PartyName party={call.us} />, when: date(call.started_at) }}
          />
        </span>
      </div>
      <div class="dock-keys">
        <Skip by={-15} />
        <Skip by={-5} />
        <PlayButton />
        <Skip by={5} />
        <Skip by={15} />
      </div>
      <Lanes />
      <p class="dock-time">
        <At /> <span class="quiet">/ {length(player.duration.value)}</span>
      </p>
      <div class="dock-extras">
        <Speed />
        <Volume />
        <DownloadLink call={call} class="icon-button" label={t.player.download}>
          <DownloadIcon />
        </DownloadLink>
        <button
          type="button"
          class="icon-button"
          aria-label={t.player.close}
          title={t.player.close}
          onClick={player.unload}
        >
          <CrossIcon />
        </button>
      </div>
    </section>
  );
}

const At = () => <span>{length(player.at.value)}</span>;

function PlayButton() {
  const going = player.playing.value;
  const label = going ? t.player.pause : t.player.play;
  return (
    <button type="button" class="play-button" aria-label={label} title={label} onClick={player.toggle}>
      {going ? <PauseIcon /> : <PlayIcon />}
    </button>
  );
}

function Skip({ by }: { by: number }) {
  const label = by < 0 ? t.player.back({ s: -by }) : t.player.forward({ s: by });
  return (
    <button
      type="button"
      class="skip-button"
      aria-label={label}
      title={label}
      onClick={() => player.skip(by * 1000)}
    >
      {by < 0 && <BackIcon />}
      <span aria-hidden="true">{Math.abs(by)}</span>
      {by > 0 && <ForwardIcon />}
    </button>
  );
}

function Speed() {
  return (
    <select
      class="speed"
      aria-label={t.player.speed}
      title={t.player.speed}
      value={String(player.speed.value)}
      onChange={(e) => player.setSpeed(Number(e.currentTarget.value))}
    >
      {speeds.map((s) => (
        <option key={s} value={String(s)}>
          {t.player.times({ n: s })}
        </option>
      ))}
    </select>
  );
}

function Volume() {
  return (
    <label class="volume" title={t.player.volume}>
      <VolumeIcon />
      <input
        type="range"
        min="0"
        max="1"
        step="0.05"
        aria-label={t.player.volume}
        aria-valuetext={percent(player.volume.value)}
        value={player.volume.value}
        onInput={(e) => player.setVolume(Number(e.currentTarget.value))}
      />
    </label>
  );
}
