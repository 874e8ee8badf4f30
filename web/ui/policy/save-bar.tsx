import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { VersionedPolicy } from '../state/api.js';
import type { Replay } from '../state/api-rules.js';
import { NoEmergencyDialog } from './no-emergency-dialog.js';
import { ReplayDialog, type ReplayOf } from './replay.js';
import type { PolicyDraft } from './use-policy.js';

type SaveBarProps = { policy: PolicyDraft; replay: ReplayOf; blocked: boolean };

/** What has become of the policy that is being edited, and saving it. `blocked`: something on the page is not finished. */
export function SaveBar({ policy, replay, blocked }: SaveBarProps) {
  const { theirs, problem, savedVersion, saving, dirty, loaded, draft, save, take } = policy;
  const conflict = theirs.value;
  const [asking, setAsking] = useState<VersionedPolicy | null>(null);
  const [warned, setWarned] = useState<{ over: VersionedPolicy; of: Replay } | null>(null);
  /** Saves over this version, once it was said which calls would be recorded no longer. */
  const saveOver = async (version: VersionedPolicy) => {
    const of = draft.value && (await replay.warning(draft.value));
    if (of) setWarned({ over: version, of });
    else saveNow(version);
  };
  /** The same, after a question if that takes away the last emergency number. */
  const saveNow = (version: VersionedPolicy) => {
    const emptied =
      version.policy.emergency_numbers.length > 0 && draft.value?.emergency_numbers.length === 0;
    if (emptied) setAsking(version);
    else save(version.version);
  };
  if (!dirty.value && savedVersion.value === null && problem.value === null) return <div role="status" />;
  return (
    <div class="save-bar">
      {asking && (
        <NoEmergencyDialog
          numbers={asking.policy.emergency_numbers}
          act={async () => {
            await save(asking.version, true);
            setAsking(null);
          }}
          close={() => setAsking(null)}
        />
      )}
      {warned && (
        <ReplayDialog
          replay={warned.of}
          save={() => {
            setWarned(null);
            saveNow(warned.over);
          }}
          close={() => setWarned(null)}
        />
      )}
      <div role="status">
        {savedVersion.value !== null && <p class="save-done">{t.policy.saved({ v: savedVersion.value })}</p>}
        {dirty.value && !conflict && <p>{blocked ? t.policy.finishFirst : t.policy.unsaved}</p>}
      </div>
      {problem.value !== null && <ErrorNote problem={problem.value} />}
      {conflict && dirty.value && (
        <div class="note note-warn" role="alert">
          <div>
            <p class="note-title">{t.policy.conflictTitle}</p>
            <p>{t.policy.conflict({ who: clean(conflict.changed_by), v: conflict.version })}</p>
            <div class="save-acts">
              <button type="button" class="button" onClick={() => take(conflict)}>
                {t.policy.takeTheirs}
              </button>
              <button
                type="button"
                class="button button-main"
                disabled={blocked}
                onClick={() => saveOver(conflict)}
              >
                {t.policy.keepMine}
              </button>
            </div>
          </div>
        </div>
      )}
      {dirty.value && !conflict && loaded.value && (
        <div class="save-acts">
          <button type="button" class="button" onClick={() => loaded.value && take(loaded.value)}>
            {t.policy.discard}
          </button>
          <button
            type="button"
            class="button button-main"
            disabled={saving.value || replay.busy || blocked}
            onClick={() => loaded.value && saveOver(loaded.value)}
          >
            {saving.value ? t.policy.saving : replay.busy ? t.rules.replay.busy : t.policy.save}
          </button>
        </div>
      )}
    </div>
  );
}
