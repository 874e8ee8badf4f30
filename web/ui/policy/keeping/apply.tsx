import { useEffect, useState } from 'preact/hooks';
import { Dialog } from '../../kit/dialog.js';
import { ErrorNote } from '../../kit/error-note.js';
import { useSending } from '../../kit/use-form.js';
import { t } from '../../messages/language.js';
import type { Policy } from '../../state/api.js';
import { type ApplyTo, type RedatingPreview, rulesApi } from '../../state/api-rules.js';
import { Choice } from '../choice.js';
import { AskApproval } from './ask-approval.js';
import { PreviewResult } from './preview.js';

/** Whether two policies may date recordings, or names and numbers, differently. */
export const keepsOtherwise = (one: Policy, other: Policy): boolean =>
  one.metadata_days !== other.metadata_days ||
  ([one, other].some(({ retention, limits = [] }) => retention.length + limits.length > 0) &&
    (['retention', 'limits', 'groups', 'holidays'] as const).some(
      (part) => JSON.stringify(one[part] ?? []) !== JSON.stringify(other[part] ?? []),
    ));

type Props = {
  policy: Policy;
  basedOn: number;
  save: (apply: ApplyTo) => void;
  /** A second person was asked; the policy is kept with that. */
  asked: () => void;
  close: () => void;
};

/** Says what a policy does to existing recordings, and asks whether it is applied to them. */
export function ApplyDialog({ policy, basedOn, save, asked, close }: Props) {
  const [preview, setPreview] = useState<RedatingPreview | null>(null);
  const [to, setTo] = useState<'new' | 'all'>('new');
  const { problem, send } = useSending();
  const words = t.keeping.existing;
  // Names and numbers have no choice: they stay for less time by any policy that says so.
  const needsApproval = preview?.needs_approval === true && (to === 'all' || preview.names.shorter);
  useEffect(() => {
    send(async () => setPreview(await rulesApi.preview(policy)));
  }, [policy]);
  return (
    <Dialog title={words.dialog} onClose={close}>
      <div class="dialog-body keeping-dialog">
        {problem !== null && <ErrorNote problem={problem} />}
        <div role="status">
          {preview ? <PreviewResult preview={preview} /> : problem === null && <p>{words.busy}</p>}
          {preview?.names.shorter && (
            <p>{t.keeping.names.preview({ days: preview.names.days ?? 0, due: preview.names.due })}</p>
          )}
        </div>
        {preview && preview.recordings > 0 && (
          <>
            <Choice
              name="apply-to"
              legend={words.apply}
              value={to}
              choices={[
                ['new', words.onlyNew],
                ['all', words.all],
              ]}
              choose={setTo}
            />
            {to === 'all' && preview.shorter > 0 && <p class="quiet">{words.hold}</p>}
          </>
        )}
        {needsApproval && (
          <AskApproval {...{ policy, basedOn, asked }} preview={to === 'all' ? preview : undefined} />
        )}
        <div class="dialog-acts">
          <button type="button" class="button" onClick={close}>
            {t.common.cancel}
          </button>
          <button
            type="button"
            class="button button-main"
            disabled={(preview === null && problem === null) || needsApproval}
            onClick={() => save(to === 'all' && preview ? { to, preview } : { to: 'new' })}
          >
            {words.save}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
