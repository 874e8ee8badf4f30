import { useState } from 'preact/hooks';
import { t } from '../messages/language.js';
import { dateAndClock } from '../messages/when.js';
import { session } from '../state/session.js';
import { Dialog } from './dialog.js';

/** Said once in a session: somebody had the right password and wrong second factors. */
export function FailedNote() {
  const [read, setRead] = useState(false);
  const failed = session.value?.second_factor?.failed;
  if (!failed || read) return null;
  const words = t.factors.failed;
  return (
    <Dialog title={words.title} onClose={() => setRead(true)}>
      <div class="dialog-body">
        <p>{words.text({ n: failed.count, when: failed.last_at ? dateAndClock(failed.last_at) : '' })}</p>
        <p>{words.hint}</p>
        <div class="dialog-acts">
          <button type="button" class="button button-main" onClick={() => setRead(true)}>
            {words.close}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
