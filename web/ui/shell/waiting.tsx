import { useEffect, useState } from 'preact/hooks';
import { durationText } from '../../../daemon/domain/written.js';
import { wordsFor } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { Brand } from '../sign-in/sign-in.js';
import { type ApiError, api } from '../state/api.js';
import { session } from '../state/session.js';

/** How often the progress is asked for, in ms. */
const LOOK_MS = 2_000;

/** How far the upgrade is for which this page waits; null while none is known. */
function useUpgrade(code: string) {
  const [upgrade, setUpgrade] = useState<Upgrade>(null);
  useEffect(() => {
    if (code !== 'catalogue_older') return setUpgrade(null);
    let gone = false;
    const look = () =>
      api.upgrade().then(
        (now) => gone || setUpgrade(now.upgrade),
        () => {},
      );
    void look();
    const timer = setInterval(look, LOOK_MS);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [code]);
  return upgrade;
}
type Upgrade = Awaited<ReturnType<typeof api.upgrade>>['upgrade'];

/**
 * In place of every page, the sign-in page too, while the server can read nothing. It goes by itself. Nobody
 * can sign in meanwhile, an admin neither, so it also says what an admin can do.
 */
export function WaitingPage({ why }: { why: ApiError }) {
  const { message, hint, admins } = wordsFor(why);
  const upgrade = useUpgrade(why.code);
  const title = upgrade ? t.waiting.upgrade.title : t.waiting.title;
  useEffect(() => {
    document.title = t.title({ page: title, site: session.value?.site.name ?? '' });
  }, [title]);
  if (upgrade) return <UpgradePage upgrade={upgrade} />;
  return (
    <main class="door">
      <Brand />
      <h1>{t.waiting.title}</h1>
      <div class="note note-plain" role="status">
        <div>
          <p class="note-title">{message}</p>
          <p>{hint}</p>
          {admins && <p>{t.waiting.admins({ hint: admins })}</p>}
        </div>
      </div>
      <p class="door-note">{t.waiting.again}</p>
    </main>
  );
}

function UpgradePage({ upgrade: { phase, percent, since, waits } }: { upgrade: NonNullable<Upgrade> }) {
  const words = t.waiting.upgrade;
  return (
    <main class="door">
      <Brand />
      <h1>{words.title}</h1>
      <div class={`note ${waits ? 'note-warn' : 'note-plain'}`} role="status">
        <div>
          <p class="note-title">{waits ? words.waits : words.recording}</p>
        </div>
      </div>
      <div class="upgrade">
        <p class="upgrade-line">
          <span id="upgrade-phase">{words.phases[phase]}</span>
          <span>{words.percent({ percent })}</span>
        </p>
        <progress class="health-progress" max={100} value={percent} aria-labelledby="upgrade-phase" />
        <p class="door-note">{words.since({ duration: durationText(Date.now() - Date.parse(since)) })}</p>
      </div>
      <p class="door-note">{t.waiting.again}</p>
    </main>
  );
}
