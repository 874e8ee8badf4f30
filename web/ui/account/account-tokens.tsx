import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { PlusIcon } from '../kit/icons.js';
import { SecretOnce } from '../kit/secrets/secret-once.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { date, dayAndClock } from '../messages/when.js';
import { peopleApi, type Token } from '../state/api-people.js';
import { minute } from '../state/live.js';
import { useView } from '../state/use-view.js';
import { TokenForm } from './token-form.js';

/** Tokens for programs: what there is, and a new one, shown once. */
export function AccountTokens() {
  const { view, problem: unread, load } = useView(() => peopleApi.tokens());
  const [failed, setFailed] = useState<unknown>(null);
  const problem = failed ?? unread;
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const retry = () => {
    setFailed(null);
    load();
  };

  const focusTitle = () => document.getElementById('tokens-title')?.focus();
  const revoke = (token: Token) => {
    setFailed(null);
    peopleApi.revoke(token.id).then(() => {
      announce(t.account.tokens.revoked({ name: token.name }));
      load();
      focusTitle();
    }, setFailed);
  };
  return (
    <section aria-labelledby="tokens-title">
      <h2 id="tokens-title" tabIndex={-1}>
        {t.account.tokens.title}
      </h2>
      <p class="quiet">
        {t.account.tokens.intro} <a href="/api-reference">{t.account.tokens.reference}</a>
      </p>
      {problem !== null && <ErrorNote problem={problem} retry={retry} />}
      {secret !== null && (
        <SecretOnce
          title={t.account.tokens.made}
          help={t.account.tokens.madeHelp}
          label={t.account.tokens.label}
          secret={secret}
          done={() => {
            setSecret(null);
            focusTitle();
          }}
        />
      )}
      {view === null && problem === null && <p class="quiet">{t.common.loading}</p>}
      {view?.tokens.length === 0 && !adding && <p class="quiet">{t.account.tokens.none}</p>}
      {view && view.tokens.length > 0 && <TokenList tokens={view.tokens} revoke={revoke} />}
      {view &&
        (adding ? (
          <TokenForm
            possible={view.possible}
            cancel={() => {
              setAdding(false);
              focusTitle();
            }}
            made={(made) => {
              setSecret(made);
              setAdding(false);
              load();
            }}
          />
        ) : (
          <button type="button" class="button" onClick={() => setAdding(true)}>
            <PlusIcon />
            {t.account.tokens.add}
          </button>
        ))}
    </section>
  );
}

function TokenList({ tokens, revoke }: { tokens: Token[]; revoke: (token: Token) => void }) {
  const now = minute.value;
  return (
    <ul class="lines">
      {tokens.map((token) => {
        const over = Date.parse(token.expires_at) <= now;
        return (
          <li key={token.id} class="line">
            <div class="line-text">
              <p class="line-name">
                <Verbatim text={token.name} />
                <span class={over ? 'tag tag-warn' : 'tag'}>
                  {(over ? t.account.tokens.over : t.account.tokens.until)({ when: date(token.expires_at) })}
                </span>
              </p>
              <p>{token.rights.map((right) => t.account.tokens.words[right]).join(' · ')}</p>
              <p class="quiet">
                {token.used_at
                  ? t.account.tokens.used({
                      when: dayAndClock(token.used_at, now),
                      from: clean(token.used_from),
                    })
                  : t.account.tokens.unused}
              </p>
            </div>
            <button
              type="button"
              class="button"
              aria-label={t.account.tokens.revokeThat({ name: clean(token.name) })}
              onClick={() => revoke(token)}
            >
              {t.account.tokens.revoke}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
