import { useEffect, useState } from 'preact/hooks';
import { Dialog } from '../kit/dialog.js';
import { ErrorNote } from '../kit/error-note.js';
import { Moment } from '../kit/moment.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { useSending } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { proven } from '../sign-in/proof-dialog.js';
import type { VersionedPolicy } from '../state/api.js';
import { rulesApi } from '../state/api-rules.js';
import { useView } from '../state/use-view.js';

const SHOWN = 5;

type Props = {
  newest: VersionedPolicy;
  fixed: boolean;
  /** There are changes that a version brought back would end. */
  unsaved: boolean;
  take: (version: VersionedPolicy) => void;
};

/** Every version of the policy: what differs between two, and an older one again. */
export function Versions({ newest, fixed, unsaved, take }: Props) {
  const { view, problem, load } = useView(rulesApi.versions, newest.version);
  const [all, setAll] = useState(false);
  const [asking, setAsking] = useState<number | null>(null);
  const [restored, setRestored] = useState<number | null>(null);
  const versions = view?.versions ?? [];
  const { act, ...columns } = t.rules.versions.columns;
  return (
    <section class="rules versions" aria-labelledby="versions-title">
      <h2 id="versions-title" tabIndex={-1}>
        {t.rules.versions.title}
      </h2>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {view && versions.length === 0 && <p class="quiet">{t.rules.versions.none}</p>}
      <div role="status">
        {restored !== null && <p class="save-done">{t.rules.versions.restored({ v: restored })}</p>}
      </div>
      {versions.length > 0 && (
        <>
          {!fixed && unsaved && <p class="quiet">{t.rules.versions.unsaved}</p>}
          <table class="table versions-table">
            <TableHead columns={fixed ? columns : { ...columns, act }} />
            <tbody>
              {versions.slice(0, all ? undefined : SHOWN).map((one) => (
                <Row
                  key={one.version}
                  one={one}
                  newest={one.version === newest.version}
                  act={fixed ? null : () => setAsking(one.version)}
                  off={unsaved}
                />
              ))}
            </tbody>
          </table>
          {!all && versions.length > SHOWN && (
            <button type="button" class="button" onClick={() => setAll(true)}>
              {t.rules.versions.all({ n: versions.length })}
            </button>
          )}
          <Compare versions={versions.map(({ version }) => version)} />
        </>
      )}
      {asking !== null && (
        <RestoreDialog
          version={versions.find(({ version }) => version === asking)!}
          newest={newest}
          close={() => setAsking(null)}
          done={(made) => {
            setAsking(null);
            setRestored(made.version);
            take(made);
            document.getElementById('versions-title')?.focus();
          }}
        />
      )}
    </section>
  );
}

type RowProps = { one: VersionedPolicy; newest: boolean; act: (() => void) | null; off: boolean };

function Row({ one, newest, act, off }: RowProps) {
  return (
    <tr>
      <td>
        {t.rules.versions.version({ v: one.version })}
        {newest && <span class="tag">{t.rules.versions.inForce}</span>}
      </td>
      <td>
        <TableLabel name={t.rules.versions.columns.saved} />
        {one.changed_at && <Moment at={one.changed_at} />}
      </td>
      <td class="versions-who">
        <TableLabel name={t.rules.versions.columns.who} />
        <Verbatim text={one.changed_by} />
      </td>
      {act && (
        <td class="versions-act">
          {!newest && (
            <button
              type="button"
              class="button"
              disabled={off}
              aria-label={t.rules.versions.restoreThat({ v: one.version })}
              onClick={act}
            >
              {t.rules.versions.restore}
            </button>
          )}
        </td>
      )}
    </tr>
  );
}

/** What differs between two versions that somebody chooses; at first the last two. */
function Compare({ versions }: { versions: number[] }) {
  const [from, setFrom] = useState<number | null>(null);
  const [to, setTo] = useState<number | null>(null);
  const choices = [...versions, 0];
  const [earlier, later] = [from ?? choices[1] ?? 0, to ?? choices[0] ?? 0];
  const select = (id: string, label: string, value: number, choose: (v: number) => void) => (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="field-line">
        <select id={id} value={value} onChange={(e) => choose(Number(e.currentTarget.value))}>
          {choices.map((v) => (
            <option key={v} value={v}>
              {v === 0 ? t.rules.versions.first : t.rules.versions.version({ v })}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
  return (
    <details class="versions-compare">
      <summary>{t.rules.versions.compare}</summary>
      <div class="versions-chosen">
        {select('version-from', t.rules.versions.from, earlier, setFrom)}
        {select('version-to', t.rules.versions.to, later, setTo)}
      </div>
      <Differences from={earlier} to={later} />
    </details>
  );
}

function Differences({ from, to }: { from: number; to: number }) {
  const [found, setFound] = useState<{ of: string; lines: string[] } | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const of = `${from}-${to}`;
  useEffect(() => {
    setProblem(null);
    rulesApi.diff(from, to).then(({ changes }) => setFound({ of, lines: changes }), setProblem);
  }, [of]);
  if (problem !== null) return <ErrorNote problem={problem} />;
  if (found?.of !== of) return <p class="quiet">{t.common.loading}</p>;
  if (found.lines.length === 0) return <p class="quiet">{t.rules.versions.same}</p>;
  return (
    <ul class="versions-lines">
      {found.lines.map((line) => (
        <li key={line}>
          <Verbatim text={line} />
        </li>
      ))}
    </ul>
  );
}

type RestoreProps = {
  version: VersionedPolicy;
  newest: VersionedPolicy;
  close: () => void;
  done: (made: VersionedPolicy) => void;
};

function RestoreDialog({ version: { version, policy }, newest, close, done }: RestoreProps) {
  const { busy, problem, send } = useSending();
  const emptied = policy.emergency_numbers.length === 0 && newest.policy.emergency_numbers.length > 0;
  const restore = () =>
    send(async () => done(await proven(() => rulesApi.restore(version, newest.version, emptied))));
  return (
    <Dialog title={t.rules.versions.restoreTitle({ v: version })} onClose={close}>
      <div class="dialog-body">
        <p>{t.rules.versions.restoreWhat({ v: version, next: newest.version + 1 })}</p>
        <Differences from={newest.version} to={version} />
        {emptied && (
          <p>
            <strong>{t.rules.versions.emergency}</strong>
          </p>
        )}
        {problem !== null && <ErrorNote problem={problem} />}
        <div class="dialog-acts">
          <button type="button" class="button" onClick={close}>
            {t.common.cancel}
          </button>
          <button
            type="button"
            class={emptied ? 'button button-main button-alarm' : 'button button-main'}
            disabled={busy}
            onClick={restore}
          >
            {busy ? t.rules.versions.restoring : t.rules.versions.restore}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
