import { AlarmIcon, ImportIcon } from '../kit/icons.js';
import { Moment } from '../kit/moment.js';
import { Sentence } from '../kit/sentence.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { date, exact } from '../messages/when.js';
import type { CallDetail } from '../state/api.js';
import { mayDo } from '../state/rights.js';

/** That the recording is as it was sealed, in one sentence; nothing where it is not. */
export function Seal({ call }: { call: CallDetail }) {
  const { seal, recording } = call;
  if (!seal || !recording || seal.fault !== null) return null;
  return <Sound seal={seal} sealedAt={recording.sealed_at} />;
}

/** That it is not, and what to do. */
export function Damage({ call }: { call: CallDetail }) {
  return <div role="status">{call.seal && call.seal.fault !== null && <Damaged call={call} />}</div>;
}

function Sound({ seal, sealedAt }: { seal: NonNullable<CallDetail['seal']>; sealedAt: string }) {
  const later = seal.signed_at !== null && seal.made_later;
  const checked = seal.checked_at !== null && seal.checked_at !== sealedAt ? seal.checked_at : null;
  return (
    <p class="call-seal">
      <Sentence
        of={({ sealed, checked: at }) =>
          t.vault.seal({
            how: later ? 'later' : seal.signed_at === null ? 'unsigned' : 'signed',
            sealed,
            signed: seal.signed_at === null ? '' : exact(seal.signed_at),
            checked: checked === null ? null : at,
          })
        }
        parts={{
          sealed: <Moment at={sealedAt} />,
          checked: checked !== null && <Moment at={checked} />,
        }}
      />
    </p>
  );
}

function Damaged({ call }: { call: CallDetail }) {
  const seal = call.seal!;
  return (
    <div class="note note-alarm">
      <AlarmIcon />
      <div>
        <p class="note-title">{t.vault.damaged}</p>
        <p>
          <Verbatim text={seal.fault ?? ''} />
          {seal.fault_at !== null && (
            <>
              {' '}
              <Sentence of={t.vault.found} parts={{ when: <Moment at={seal.fault_at} /> }} />
            </>
          )}
        </p>
        <p>
          {t.vault.distrust}{' '}
          {mayDo('settings') ? (
            <Sentence
              of={t.vault.todo}
              parts={{ command: <code translate={false}>tapedeck verify {call.id}</code> }}
            />
          ) : (
            t.vault.tell
          )}
        </p>
      </div>
    </div>
  );
}

/** That the recording is under legal hold, and the matters that hold it, for people who are told of them. */
export function HeldNote({ call: { held, matters } }: { call: CallDetail }) {
  if (!held) return null;
  return (
    <section class="call-held" aria-label={t.held.onCall}>
      <p>
        <strong>{t.held.onCall}.</strong> {t.held.badgeHelp}
      </p>
      {matters.length > 0 && (
        <ul class="holds-list">
          {matters.map(({ id, name, why, since }) => (
            <li key={id}>
              <a href={`/holds/${encodeURIComponent(id)}`}>
                <Verbatim text={name} />
              </a>{' '}
              <span class="quiet">{t.held.onCallWhy({ why, day: date(since) })}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

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
