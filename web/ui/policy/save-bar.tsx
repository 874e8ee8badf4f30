import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { Sentence } from '../kit/sentence.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { VersionedPolicy } from '../state/api.js';
import type { ApplyTo, Replay } from '../state/api-rules.js';
import { ApplyDialog, keepsOtherwise } from './keeping/apply.js';
import { ControlsOffDialog, controlsOff } from './keeping/ask-approval.js';
import { NoEmergencyDialog } from './no-emergency-dialog.js';
import { ReplayDialog, type ReplayOf } from './replay.js';
import { type PolicyPageName, unfinished } from './typed.js';
import type { PolicyDraft } from './use-policy.js';

type SaveBarProps = {
  policy: PolicyDraft;
  replay: ReplayOf;
  page: PolicyPageName;
  blocked: boolean;
  /** Existing recordings are being looked at, and what closes that. */
  looking?: { now: boolean; set: (now: boolean) => void };
};

/** What has become of the policy that is being edited, and saving it. `blocked`: a form on the page is open. */
export function SaveBar({ policy, replay, page, blocked: open, looking }: SaveBarProps) {
  const { theirs, problem, savedVersion, appliedToAll, saving, dirty, loaded, draft, save, take } = policy;
  const conflict = theirs.value;
  const elsewhere = unfinished.value.find((other) => other !== page);
  const blocked = open || unfinished.value.length > 0;
  const [asking, setAsking] = useState<{ version: VersionedPolicy; apply: ApplyTo } | null>(null);
  const [loosening, setLoosening] = useState<{ version: VersionedPolicy; apply: ApplyTo } | null>(null);
  const [requested, setRequested] = useState(false);
  const [dating, setDating] = useState<VersionedPolicy | null>(null);
  const [warned, setWarned] = useState<{ over: VersionedPolicy; of: Replay } | null>(null);
  /** Saves over this version, once it was said which calls would be recorded no longer. */
  const saveOver = async (version: VersionedPolicy) => {
    const of = draft.value && (await replay.warning(draft.value));
    if (of) setWarned({ over: version, of });
    else date(version);
  };
  /** The same, once it was asked whether existing recordings get their dates by it. */
  const date = (version: VersionedPolicy) => {
    if (draft.value && keepsOtherwise(draft.value, version.policy)) setDating(version);
    else saveNow(version, { to: 'new' });
  };
  /** The same, unless that takes a second person or, after a question, takes away the last emergency number. */
  const saveNow = (version: VersionedPolicy, apply: ApplyTo) => {
    if (draft.value && controlsOff(version.policy, draft.value).length > 0)
      return setLoosening({ version, apply });
    const emptied =
      version.policy.emergency_numbers.length > 0 && draft.value?.emergency_numbers.length === 0;
    if (emptied) setAsking({ version, apply });
    else save(version.version, false, apply);
  };
  const over = dating ?? (looking?.now ? loaded.value : null);
  const closeDates = () => {
    setDating(null);
    looking?.set(false);
  };
  /** A second person was asked, and the policy is kept with that: the page shows the one in force again. */
  const asked = (version: VersionedPolicy) => {
    closeDates();
    setLoosening(null);
    take(version);
    setRequested(true);
  };
  if (!over && !dirty.value && !requested && savedVersion.value === null && problem.value === null)
    return <div role="status" />;
  return (
    <div class="save-bar">
      {asking && (
        <NoEmergencyDialog
          numbers={asking.version.policy.emergency_numbers}
          act={async () => {
            await save(asking.version.version, true, asking.apply);
            setAsking(null);
          }}
          close={() => setAsking(null)}
        />
      )}
      {over && draft.value && (
        <ApplyDialog
          policy={draft.value}
          basedOn={over.version}
          save={(apply) => {
            closeDates();
            saveNow(over, apply);
          }}
          asked={() => asked(over)}
          close={closeDates}
        />
      )}
      {loosening && draft.value && (
        <ControlsOffDialog
          off={controlsOff(loosening.version.policy, draft.value)}
          policy={draft.value}
          basedOn={loosening.version.version}
          apply={loosening.apply}
          asked={() => asked(loosening.version)}
          close={() => setLoosening(null)}
        />
      )}
      {warned && (
        <ReplayDialog
          replay={warned.of}
          save={() => {
            setWarned(null);
            date(warned.over);
          }}
          close={() => setWarned(null)}
        />
      )}
      <div role="status">
        {savedVersion.value !== null && (
          <p class="save-done">{t.policy.saved({ v: savedVersion.value, all: appliedToAll.value })}</p>
        )}
        {requested && !dirty.value && (
          <p class="save-done">
            <Sentence
              of={t.keeping.existing.kept}
              parts={{ page: <a href="/approvals">{t.approvals.title}</a> }}
            />
          </p>
        )}
        {dirty.value && !conflict && (
          <p>
            {elsewhere ? (
              <Sentence
                of={t.policy.finishElsewhere}
                parts={{ page: <a href={`/${elsewhere}`}>{t[elsewhere].title}</a> }}
              />
            ) : blocked ? (
              t.policy.finishFirst
            ) : (
              t.policy.unsaved
            )}
          </p>
        )}
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
