import { AlarmIcon } from '../kit/icons.js';
import { Moment } from '../kit/moment.js';
import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import { exact } from '../messages/when.js';
import type { CallDetail } from '../state/api.js';
import { mayDo } from '../state/rights.js';

const words = t.vault;

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
  return (
    <p class="call-seal">
      {seal.signed_at !== null && !later ? words.signed : words.sealed} <Moment at={sealedAt} />
      {later && words.signedLater(exact(seal.signed_at!))}
      {seal.signed_at === null && words.unsigned}
      {seal.checked_at !== null && seal.checked_at !== sealedAt && (
        <>
          {words.unchanged} <Moment at={seal.checked_at} />
        </>
      )}
      .
    </p>
  );
}

function Damaged({ call }: { call: CallDetail }) {
  const seal = call.seal!;
  return (
    <div class="note note-alarm">
      <AlarmIcon />
      <div>
        <p class="note-title">{words.damaged}</p>
        <p>
          <bdi>{clean(seal.fault ?? '')}</bdi>
          {seal.fault_at !== null && (
            <>
              {' '}
              {words.found} <Moment at={seal.fault_at} />.
            </>
          )}
        </p>
        <p>
          {words.distrust}{' '}
          {mayDo('settings') ? (
            <>
              {words.todo} <code>{words.command(call.id)}</code>.
            </>
          ) : (
            words.tell
          )}
        </p>
      </div>
    </div>
  );
}
