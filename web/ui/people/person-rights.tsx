import { NumberList } from '../kit/number-list.js';
import { t } from '../messages/language.js';
import type { Grant, Grantable, Rights, Role, Seen } from '../state/api-people.js';

const roles: Role[] = ['admin', 'reviewer', 'auditor', 'agent'];
const bare = (numbers: string[]) => numbers.map((number) => ({ number, name: '' }));
const toggled = <T,>(list: T[], item: T, on: boolean): T[] =>
  on ? [...list, item] : list.filter((other) => other !== item);

export function RoleChecks(props: {
  roles: Role[];
  error: string | undefined;
  change: (roles: Role[]) => void;
}) {
  return (
    <fieldset>
      <legend class="field-legend">{t.people.form.roles}</legend>
      <p class="field-help">{t.people.form.rolesHelp}</p>
      {roles.map((role) => (
        <div key={role} class="role">
          <label class="check">
            <input
              id={`role-${role}`}
              type="checkbox"
              checked={props.roles.includes(role)}
              aria-describedby={`role-${role}-help`}
              onChange={(e) => props.change(toggled(props.roles, role, e.currentTarget.checked))}
            />
            <span>{t.people.roles[role]}</span>
          </label>
          <p class="field-help role-help" id={`role-${role}-help`}>
            {t.people.roleHelp[role]}
          </p>
        </div>
      ))}
      {props.error && <p class="field-error">{props.error}</p>}
    </fieldset>
  );
}

type ScopeProps = {
  scope: Rights['scope'];
  seen: Seen;
  fault: (id: string) => string | undefined;
  typing: (list: string) => (text: string) => void;
  change: (scope: Rights['scope']) => void;
};

/** Which calls a reviewer reaches. */
export function ScopeFields({ scope, seen, fault, typing, change }: ScopeProps) {
  const lists = [
    { id: 'extensions', label: t.people.form.extensions, seen: seen.extensions },
    { id: 'queues', label: t.people.form.queues, seen: bare(seen.queues) },
    { id: 'dids', label: t.people.form.dids, seen: bare(seen.dids) },
  ] as const;
  return (
    <fieldset class="scope">
      <legend class="field-legend">{t.people.form.scope}</legend>
      {[true, false].map((all) => (
        <label class="check" key={String(all)}>
          <input
            type="radio"
            name="scope"
            checked={scope.all === all}
            onChange={() => change({ ...scope, all })}
          />
          <span>{all ? t.people.form.scopeAll : t.people.form.scopeSome}</span>
        </label>
      ))}
      {!scope.all && (
        <div class="scope-lists">
          {lists.map((list) => (
            <NumberList
              key={list.id}
              id={list.id}
              label={list.label}
              error={fault(list.id)}
              numbers={scope[list.id]}
              seen={list.seen}
              typing={typing(list.id)}
              change={(numbers) => change({ ...scope, [list.id]: numbers })}
            />
          ))}
        </div>
      )}
    </fieldset>
  );
}

type OwnProps = {
  numbers: string[];
  seen: Seen;
  error: string | undefined;
  typing: (text: string) => void;
  change: (numbers: string[]) => void;
};

/** An agent's own extensions. */
export function OwnExtensions(props: OwnProps) {
  return (
    <NumberList
      id="own"
      label={t.people.form.own}
      help={t.people.form.ownHelp}
      error={props.error}
      numbers={props.numbers}
      seen={props.seen.extensions}
      typing={props.typing}
      change={props.change}
    />
  );
}

/** What may be granted to these roles, and nothing else. */
export function GrantChecks(props: {
  roles: Role[];
  grants: Grant[];
  grantable: Grantable;
  change: (grants: Grant[]) => void;
}) {
  const offered = (Object.keys(t.people.grants) as Grant[]).filter((grant) =>
    props.roles.some((role) => props.grantable[role]?.includes(grant)),
  );
  return (
    <fieldset>
      <legend class="field-legend">{t.people.form.grants}</legend>
      {offered.length === 0 && <p class="field-help">{t.people.form.noGrants}</p>}
      {offered.map((grant) => (
        <label class="check" key={grant}>
          <input
            type="checkbox"
            checked={props.grants.includes(grant)}
            onChange={(e) => props.change(toggled(props.grants, grant, e.currentTarget.checked))}
          />
          <span>{t.people.grants[grant]}</span>
        </label>
      ))}
    </fieldset>
  );
}
