import { PartIcon } from '../kit/icons.js';
import { t } from '../messages/en/messages.js';
import { db, percent } from '../messages/when.js';
import type { Recording } from '../state/api.js';

const words = t.quality;
type Heard = NonNullable<Recording['quality']>;

/** What is wrong with the sound of a recording, a badge for each. */
export function Sound({ quality }: { quality: Heard }) {
  if (quality.flags.length === 0) return <>{words.good}</>;
  return (
    <span class="sound">
      {quality.flags.map(({ side, flag }) => (
        <span key={`${side} ${flag}`} class="badge badge-warn">
          <PartIcon />
          <span class="badge-word">{words.flag(words.sides[side] ?? side, words.flags[flag] ?? flag)}</span>
        </span>
      ))}
    </span>
  );
}

/** What was measured of one side. */
export function soundOf(quality: Heard, side: 'them' | 'us'): string {
  const s = quality[side];
  const parts = [
    s.speech_db <= -120 ? words.silence : words.figures(db(s.speech_db), db(s.noise_db)),
    s.clipped_share > 0.001 && words.clippedShare(percent(s.clipped_share)),
    s.lost_share > 0.01 && words.lostShare(percent(s.lost_share)),
    quality.echo?.side === side && words.echo(db(quality.echo.db), String(quality.echo.delay_ms)),
  ];
  return parts.filter(Boolean).join(', ');
}
