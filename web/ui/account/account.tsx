import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { meaning } from '../messages/meaning.js';
import { peopleApi } from '../state/api-people.js';
import { useView } from '../state/use-view.js';
import { AccountPassword } from './account-password.js';
import { AccountSessions } from './account-sessions.js';
import { AccountTokens } from './account-tokens.js';
import { SecondFactors } from './second-factors.js';

/** What is one's own: what one may do, and how one signs in. A section for each thing, each with a part of its own. */
export function AccountPage() {
  const { view: account, problem, load } = useView(peopleApi.account);
  const [again, setAgain] = useState(0);
  return (
    <div class="sheet account">
      <header class="sheet-head">
        <h1>{t.account.title}</h1>
        {account && (
          <ul class="means" aria-label={t.account.may}>
            {meaning(null, account, account.grantable).map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        )}
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!account && problem === null && <p class="quiet">{t.common.loading}</p>}
      {account && (
        <>
          <AccountPassword
            account={account}
            changed={() => {
              load();
              setAgain((n) => n + 1);
            }}
          />
          <SecondFactors />
          <AccountSessions again={again} />
          <AccountTokens />
        </>
      )}
    </div>
  );
}
