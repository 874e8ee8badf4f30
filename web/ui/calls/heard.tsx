import { NoIcon } from '../kit/icons.js';
import { t } from '../messages/language.js';
import { length } from '../messages/when.js';
import type { CallDetail } from '../state/api.js';

/** What of a recording somebody may not hear, in words; nothing where they may hear it all. */
export function Heard({ call }: { call: CallDetail }) {
  const { hears, heard } = call.you;
  if (call.recording?.state !== 'sealed' || hears === 'all') return null;
  const parts = heard.map((h) => t.rights.fromTo({ from: length(h.from_ms), to: length(h.until_ms) }));
  return (
    <div class="note note-plain">
      <NoIcon />
      <p>{hears === 'none' ? t.rights.noPlay : t.rights.partly({ parts })}</p>
    </div>
  );
}
