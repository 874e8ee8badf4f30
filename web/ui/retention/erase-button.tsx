import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { t } from '../messages/language.js';
import type { CallDetail } from '../state/api.js';
import { mayDo } from '../state/rights.js';
import { EraseDialog } from './erase-dialog.js';

/** Leads to erasing the recording of a call by hand, for whoever may. */
export function EraseButton({ call, done }: { call: CallDetail; done: () => void }) {
  const [open, setOpen] = useState(false);
  if (!mayDo('settings') || call.recording?.state !== 'sealed') return null;
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {t.erase.button}
      </button>
      {open && (
        <EraseDialog
          calls={[call.id]}
          done={(erased) => {
            setOpen(false);
            announce(t.erase.done(erased));
            done();
          }}
          close={() => setOpen(false)}
        />
      )}
    </>
  );
}
