import { PartIcon } from '../kit/icons.js';
import { t } from '../messages/language.js';
import { db, percent } from '../messages/locale.js';
import type { Recording } from '../state/api.js';

type Heard = NonNullable<Recording['quality']>;

/** What is wrong with the sound of a recording, a badge for each. */
export function Sound({ quality }: { quality: Heard }) {
  if (quality.flags.length === 0) return <>{t.quality.good}</>;
  return (
    <span class="sound">
      {quality.flags.map(({ side, flag }) => (
        <span key={`${side} ${flag}`} class="badge badge-warn">
          <PartIcon />
          <span class="badge-word">
            {t.quality.flag({ side: t.quality.sides[side] ?? side, flag: t.quality.flags[flag] ?? flag })}
          </span>
        </span>
      ))}
      {quality.flags.some(({ flag }) => flag === 'lossy') && (
        <a href="/help/dashboard/quality.html#if-a-voice-breaks-up" target="_blank" rel="noopener">
          {t.quality.ifBreaksUp}
        </a>
      )}
    </span>
  );
}

/** What was measured of one side. */
export function soundOf(quality: Heard, side: 'them' | 'us'): string {
  const s = quality[side];
  const parts = [
    s.speech_db <= -120
      ? t.quality.silence
      : t.quality.figures({ speech: db(s.speech_db), noise: db(s.noise_db) }),
    s.clipped_share > 0.001 && t.quality.clippedShare({ share: percent(s.clipped_share) }),
    s.lost_share > 0.01 && t.quality.lostShare({ share: percent(s.lost_share) }),
    quality.echo?.side === side && t.quality.echo({ db: db(quality.echo.db), ms: quality.echo.delay_ms }),
  ];
  return parts.filter(Boolean).join(', ');
}
