import { useState } from 'preact/hooks';
import { FaultSummary, type Faults, Field } from '../kit/field.js';
import { useFaults } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { meaning } from '../messages/meaning.js';
import type { Grantable, Rights, Role, Seen } from '../state/api-people.js';
import { GrantChecks, OwnExtensions, RoleChecks, ScopeFields } from './person-rights.js';
export type Draft = Rights & { name: string };

export const EMPTY: Draft = {
  name: '',
  roles: [],
  scope: { all: false, extensions: [], queues: [], dids: [] },
  extensions: [],
  grants: [],
};

/** What the roles have no use for goes with them, so that nothing is kept that nobody sees. */
const fitted = (draft: Draft, grantable: Grantable): Draft => ({
  ...draft,
  grants: draft.grants.filter((grant) => draft.roles.some((role) => grantable[role]?.includes(grant))),
});

type Props = {
  draft: Draft;
  change: (draft: Draft) => void;
  grantable: Grantable;
  seen: Seen;
  busy: boolean;
  /** The words of the button. */
  button: string;
  save: (draft: Draft) => void;
};

/** Who somebody is and what they may do, with what it means beside it. */
export function PersonForm({ draft, change, grantable, seen, busy, button, save }: Props) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const has = (role: Role) => draft.roles.includes(role);
  const typing = (list: string) => (text: string) => setTyped((all) => ({ ...all, [list]: text }));

  const { attempt, faults, fault, tried } = useFaults(faultsOf(draft, typed));
  const submit = (event: Event) => {
    event.preventDefault();
    if (tried()) save(fitted(draft, grantable));
  };
  const name = draft.name.trim() || t.people.form.nobody;
  const said = meaning(name, fitted(draft, grantable), grantable);
  return (
    <form class="person-form" noValidate onSubmit={submit}>
      <div class="form">
        <FaultSummary faults={faults} attempt={attempt} />
        <Field
          id="person-name"
          label={t.people.form.name}
          help={t.people.form.nameHelp}
          value={draft.name}
          onInput={(next) => change({ ...draft, name: next })}
          error={fault('person-name')}
          maxLength={60}
        />
        <RoleChecks
          roles={draft.roles}
          error={fault('role-admin')}
          change={(roles) => change(fitted({ ...draft, roles }, grantable))}
        />
        {has('reviewer') && (
          <ScopeFields
            scope={draft.scope}
            seen={seen}
            fault={fault}
            typing={typing}
            change={(scope) => change({ ...draft, scope })}
          />
        )}
        {has('agent') && (
          <OwnExtensions
            numbers={draft.extensions}
            seen={seen}
            error={fault('own')}
            typing={typing('own')}
            change={(extensions) => change({ ...draft, extensions })}
          />
        )}
        {draft.roles.length > 0 && (
          <GrantChecks
            roles={draft.roles}
            grants={draft.grants}
            grantable={grantable}
            change={(grants) => change({ ...draft, grants })}
          />
        )}
      </div>
      <aside class="person-means" aria-labelledby="means-title">
        <h2 id="means-title">{t.people.form.means}</h2>
        <div role="status">
          {said.length === 0 ? (
            <p class="quiet">{t.people.form.nothing}</p>
          ) : (
            <ul class="means">
              {said.map((sentence) => (
                <li key={sentence}>
                  <bdi>{sentence}</bdi>
                </li>
              ))}
            </ul>
          )}
        </div>
        <button type="submit" class="button button-main" disabled={busy}>
          {busy ? t.people.form.saving : button}
        </button>
      </aside>
    </form>
  );
}

function faultsOf(draft: Draft, typed: Record<string, string>): Faults {
  const found: Faults = [];
  const { roles, scope } = draft;
  if (!draft.name.trim()) found.push({ id: 'person-name', text: t.people.form.noName });
  if (roles.length === 0) found.push({ id: 'role-admin', text: t.people.form.noRole });
  const scoped = roles.includes('reviewer') && !scope.all;
  const lists = [
    { id: 'extensions', label: t.people.form.extensions, used: scoped },
    { id: 'queues', label: t.people.form.queues, used: scoped },
    { id: 'dids', label: t.people.form.dids, used: scoped },
    { id: 'own', label: t.people.form.own, used: roles.includes('agent') },
  ];
  for (const { id, label, used } of lists)
    if (used && typed[id]) found.push({ id, text: t.people.form.unadded({ what: label }) });
  if (scoped && scope.extensions.length + scope.queues.length + scope.dids.length === 0)
    if (!found.some((f) => ['extensions', 'queues', 'dids'].includes(f.id)))
      found.push({ id: 'extensions', text: t.people.form.noScope });
  if (roles.includes('agent') && draft.extensions.length === 0 && !typed.own)
    found.push({ id: 'own', text: t.people.form.noOwn });
  return found;
}
