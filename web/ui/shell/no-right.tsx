import { t } from '../messages/language.js';
import { mayEver } from '../state/rights.js';

/** In the place of a page that is not for whoever asks for it. */
export function NoRight() {
  return (
    <div class="sheet sheet-plain">
      <h1>{t.rights.noPageTitle}</h1>
      <p>{t.rights.noPage}</p>
      {mayEver('view') && (
        <p>
          <a href="/">{t.rights.toCalls}</a>
        </p>
      )}
    </div>
  );
}

/** For who may sign in and is given nothing to see. */
export function NothingYet() {
  return (
    <div class="sheet sheet-plain">
      <h1>{t.rights.nothingTitle}</h1>
      <p>{t.rights.nothing}</p>
    </div>
  );
}
