import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { Sentence } from '../kit/sentence.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dateAndClock } from '../messages/when.js';
import type { RetentionRule } from '../state/api.js';
import { mayDo } from '../state/rights.js';
import { EarlierVersions } from './earlier-versions.js';
import { EmergencyNumbers } from './emergency-numbers.js';
import { keepForm } from './keep-form.js';
import { ExistingRecordings } from './keeping/existing.js';
import { Limits } from './keeping/limits.js';
import { NamesKept } from './keeping/names.js';
import { retentionForm } from './keeping/retention-form.js';
import { TwoPeople } from './keeping/two-people.js';
import { Masks } from './masks.js';
import { Presets } from './presets.js';
import { ReplaySection, useReplay } from './replay.js';
import { recordForm } from './rule-form.js';
import { RuleList } from './rule-list.js';
import { RuleNotes, useRuleFaults } from './rule-notes.js';
import { keepSentence, recordSentence, retentionSentence } from './rule-words.js';
import { SaveBar } from './save-bar.js';
import { Groups, Holidays } from './shared-lists.js';
import { TryIt } from './try-it.js';
import { unfinished } from './typed.js';
import { usePolicy } from './use-policy.js';
import { Versions } from './versions.js';

/** What recordings are kept for, and on what legal basis. */
function Purpose({ rule }: { rule: RetentionRule | undefined }) {
  const said = [rule?.purpose, rule?.legal_basis].filter(Boolean);
  if (said.length === 0) return null;
  return (
    <p class="quiet">
      <Verbatim text={said.join(' · ')} />
    </p>
  );
}

/** What is recorded and how long it is kept: the rules in order, a place to try them, and saving. */
export function PolicyPage() {
  const policy = usePolicy();
  const [editing, setEditing] = useState(0);
  const draft = policy.draft.value;
  const [looking, setLooking] = useState(false);
  const faults = useRuleFaults(draft);
  const replay = useReplay();
  const loaded = policy.loaded.value;
  if (!draft || !loaded)
    return (
      <div class="sheet">
        {/* The same heading as below, which may have the focus. */}
        <header class="sheet-head">
          <h1>{t.policy.title}</h1>
        </header>
        {policy.problem.value ? (
          <ErrorNote problem={policy.problem.value} retry={policy.load} />
        ) : (
          <p class="quiet">{t.common.loading}</p>
        )}
      </div>
    );
  const empty = draft.record.length === 0 && draft.retention.length === 0;
  const fixed = !mayDo('settings');
  const open = (by: number) => setEditing((n) => n + by);
  return (
    <div class="sheet policy">
      <header class="sheet-head">
        <h1>{t.policy.title}</h1>
        <p class="answer">
          {empty
            ? t.policy.never
            : t.policy.summary({ record: draft.record.length, retention: draft.retention.length })}
        </p>
        <p class="quiet">
          {t.policy.version({
            v: loaded.version,
            who: clean(loaded.changed_by),
            when: loaded.changed_at ? dateAndClock(loaded.changed_at) : '',
          })}{' '}
          {t.policy.firstMatch}
        </p>
        <p class="quiet">
          <Sentence of={t.policy.toTelling} parts={{ page: <a href="/telling">{t.telling.title}</a> }} />
        </p>
        {fixed && <p class="quiet">{t.rights.readOnly}</p>}
      </header>
      <div class="policy-rules">
        {!fixed && <Presets policy={draft} open={empty} off={editing > 0} change={policy.change} />}
        <RuleList
          id="record"
          title={t.policy.record}
          none={t.policy.noRecord}
          otherwise={t.policy.otherwiseRecord}
          add={t.policy.addRecord}
          rules={draft.record}
          change={(record) => policy.change({ record })}
          sentence={recordSentence}
          form={recordForm}
          fresh={{ name: '', reason: '', when: {}, outcome: 'skip' }}
          fixed={fixed}
          open={open}
          aside={(index) => <RuleNotes faults={faults} list="record" index={index} />}
        />
        <RuleList
          id="keep"
          title={t.policy.atEnd}
          note={t.policy.atEndNote}
          none={t.policy.noAtEnd}
          otherwise={t.policy.otherwiseAtEnd}
          add={t.policy.addAtEnd}
          rules={draft.keep ?? []}
          change={(keep) => policy.change({ keep })}
          sentence={keepSentence}
          form={keepForm}
          fresh={{ name: '', reason: '', when: {}, longer_than_s: 10 }}
          fixed={fixed}
          open={open}
          aside={() => null}
        />
        <RuleList
          id="retention"
          title={t.policy.retention}
          note={t.policy.retentionNote}
          none={t.policy.noRetention}
          otherwise={t.policy.otherwiseKeep}
          add={t.policy.addRetention}
          rules={draft.retention}
          change={(retention) => policy.change({ retention })}
          sentence={retentionSentence}
          form={retentionForm}
          fresh={{ name: '', reason: '', when: {}, keep_days: 365 }}
          fixed={fixed}
          open={open}
          aside={(index) => (
            <>
              <Purpose rule={draft.retention[index]} />
              <RuleNotes faults={faults} list="retention" index={index} />
            </>
          )}
        />
        <Limits
          limits={draft.limits ?? []}
          change={(limits) => policy.change({ limits })}
          faults={faults}
          fixed={fixed}
          open={open}
          off={editing > 0}
        />
        <NamesKept
          days={draft.metadata_days}
          fixed={fixed}
          change={(metadata_days) => policy.change({ metadata_days })}
        />
        {!fixed && (
          <ExistingRecordings
            version={loaded.version}
            preview={() => setLooking(true)}
            off={editing > 0 || unfinished.value.length > 0}
          />
        )}
        <EmergencyNumbers
          numbers={draft.emergency_numbers}
          fixed={fixed}
          change={(emergency_numbers) => policy.change({ emergency_numbers })}
        />
        <Masks mask={draft.mask} fixed={fixed} change={(mask) => policy.change({ mask })} />
        <EarlierVersions
          redaction={draft.redaction}
          fixed={fixed}
          change={(redaction) => policy.change({ redaction })}
        />
        <TwoPeople
          approvals={draft.approvals}
          fixed={fixed}
          change={(approvals) => policy.change({ approvals })}
        />
        <Groups entries={draft.groups ?? []} fixed={fixed} change={(groups) => policy.change({ groups })} />
        <Holidays
          entries={draft.holidays ?? []}
          fixed={fixed}
          change={(holidays) => policy.change({ holidays })}
        />
        {!fixed && <ReplaySection replay={replay} policy={draft} />}
        <Versions
          newest={loaded}
          fixed={fixed}
          unsaved={policy.dirty.value}
          take={(version) => {
            policy.savedVersion.value = null;
            policy.take(version);
          }}
        />
      </div>
      <TryIt policy={draft} unsaved={policy.dirty.value} />
      <SaveBar
        policy={policy}
        replay={replay}
        page="policy"
        blocked={editing > 0}
        looking={{ now: looking, set: setLooking }}
      />
    </div>
  );
}
