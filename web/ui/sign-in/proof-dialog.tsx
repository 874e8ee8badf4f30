import { computed, signal } from '@preact/signals';
import { useRef, useState } from 'preact/hooks';
import { passkeyHindrance, usePasskey } from '../account/passkey.js';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { Field } from '../kit/field.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { type Act, ApiError, api } from '../state/api.js';
import { begun, session } from '../state/session.js';

/** What waits for a proof of this act: done again once it was given, or given up with a problem. */
type Waiting = { act: Act; again: () => void; give: (problem: unknown) => void };
const waiting = signal<Waiting | null>(null);

/** Whether something waits for a proof: until it is given, nothing is done. */
export const proofAsked = computed(() => waiting.value !== null);

/**
 * For what needs a proof of the last ten minutes: does it, and when the server wants a proof first, asks for one (`ProofHost`)
 * and does it again.
 */
export async function proven<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof ApiError) || cause.code !== 'proof_needed' || !cause.act) throw cause;
    const of = cause.act;
    return new Promise<T>((resolve, reject) => {
      waiting.value = { act: of, again: () => act().then(resolve, reject), give: reject };
    });
  }
}

/** Asks for the proof that something waits for, over whatever page or dialog is open. */
export function ProofHost() {
  const one = waiting.value;
  if (!one) return null;
  const over = (how: () => void) => {
    waiting.value = null;
    how();
  };
  const cancelled = new ApiError(403, { code: 'proof_cancelled' });
  return (
    <ProofDialog act={one.act} done={() => over(one.again)} cancel={() => over(() => one.give(cancelled))} />
  );
}

/** What is about to be done, as a sentence. */
function aboutTo({ kind, object }: Act): string {
  const words = t.factors.proof;
  if (kind !== 'own_factors') return words.acts[kind];
  return words.ownFactors[object] ?? words.removePasskey;
}

type Props = { act: Act; done: () => void; cancel: () => void };

function ProofDialog({ act, done, cancel }: Props) {
  const words = t.factors.proof;
  const mine = session.value?.second_factor;
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const { busy, problem, send } = useSending();
  const proved = useRef(false);

  const by = async (prove: () => Promise<unknown>) => {
    proved.current = await send(() => prove().then(begun));
    if (proved.current) done();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (password) by(() => api.prove(password, act));
    else if (code.trim()) by(() => api.secondFactor(code.trim(), act));
  };
  const approving = act.kind === 'approving';
  // Recovery codes approve nothing.
  const codes = (mine?.totp ?? false) || (!approving && (mine?.recovery_codes ?? 0) > 0);
  const passkey = (mine?.passkeys_here ?? 0) > 0 && passkeyHindrance() === null;
  const nothing = !mine?.password && !codes && !passkey;
  return (
    <Dialog title={words.title} onClose={() => !proved.current && cancel()}>
      <form class="form" noValidate onSubmit={submit}>
        <p>
          <strong>{aboutTo(act)}</strong>
        </p>
        <p class="quiet">
          {nothing
            ? t.factors.factor.elsewhere
            : approving
              ? words.approving
              : mine?.password
                ? words.text
                : words.once}
        </p>
        {problem !== null && <ErrorNote problem={problem} />}
        {mine?.password && (
          <Field
            id="proof-password"
            label={words.password}
            type="password"
            value={password}
            onInput={setPassword}
            autocomplete="current-password"
            maxLength={256}
            autofocus
          />
        )}
        {!mine?.password && codes && (
          <Field
            id="proof-code"
            label={approving ? words.appCode : words.code}
            value={code}
            onInput={setCode}
            autocomplete="one-time-code"
            maxLength={40}
            autofocus
          />
        )}
        <div class="dialog-acts">
          {passkey && (
            <button type="button" class="button" disabled={busy} onClick={() => by(() => usePasskey(act))}>
              {t.factors.factor.passkey}
            </button>
          )}
          <button type="button" class="button" onClick={cancel}>
            {t.common.cancel}
          </button>
          {!nothing && (
            <button type="submit" class="button button-main" disabled={busy || !(password || code.trim())}>
              {words.button}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
