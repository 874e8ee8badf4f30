import { useEffect, useState } from 'preact/hooks';
import { t } from '../messages/language.js';
import { retentionApi } from '../state/api-retention.js';

/** So often it is looked how far a run is, in ms; and whether one has begun. */
const LOOK_MS = { running: 1_000, idle: 15_000 };

type Now = Awaited<ReturnType<typeof retentionApi.running>>['running'];

/** How far what is being erased is; nothing while nothing is. `over` is called when it has ended. */
export function Running({ over }: { over: () => void }) {
  const [running, setRunning] = useState<Now>(null);
  const going = running !== null;
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      const { running: now } = await retentionApi.running().catch(() => ({ running: null }));
      if (gone) return;
      setRunning(now);
      if (going && now === null) over();
      timer = setTimeout(look, now ? LOOK_MS.running : LOOK_MS.idle);
    };
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [going]);
  if (!running) return null;
  return (
    <div class="note note-plain erase-progress">
      <p id="erase-progress">
        {t.retention.progress(running)}{' '}
        {running.failed > 0 && t.retention.progressFailed({ failed: running.failed })}
      </p>
      <progress aria-labelledby="erase-progress" max={running.of} value={running.erased + running.failed} />
    </div>
  );
}
