import { ImportIcon } from '../kit/icons.js';
import { Moment } from '../kit/moment.js';
import { Sentence } from '../kit/sentence.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import type { CallDetail } from '../state/api.js';

/** That another recorder made this recording, and what that means; nothing for a call that Tapedeck captured. */
export function ImportedNote({ call: { imported } }: { call: CallDetail }) {
  if (!imported) return null;
  const words = t.call.imported;
  return (
    <div class="note note-plain">
      <ImportIcon />
      <div>
        <p class="note-title">{words.title({ recorder: words.recorders[imported.recorder] })}</p>
        <p>
          <Sentence
            of={words.when}
            parts={{ when: <Moment at={imported.imported_at} />, by: <Verbatim text={imported.by} /> }}
          />{' '}
          {words.vouched} {imported.sides === 'mixed' && words.mixed}
        </p>
      </div>
    </div>
  );
}
