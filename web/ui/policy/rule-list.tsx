import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { CrossIcon, DownIcon, EditIcon, PlusIcon, UpIcon } from '../kit/icons.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';

export type Rule = { name: string; reason: string };
export type FormOf<R> = (props: {
  id: string;
  rule: R;
  names: string[];
  done: (rule: R) => void;
  cancel: () => void;
}) => ComponentChildren;

type Props<R extends Rule> = {
  id: string;
  title: string;
  /** What holds for all of these rules. */
  note?: string;
  none: string;
  otherwise: string;
  add: string;
  rules: R[];
  change: (rules: R[]) => void;
  sentence: (rule: R) => string;
  form: FormOf<R>;
  fresh: R;
  /** The rules are to be read only. */
  fixed: boolean;
  /** What is to be said of the rule at this place. */
  aside: (index: number) => ComponentChildren;
  /** Told +1 when a form opens and -1 when it closes. */
  open: (by: number) => void;
};

/** Rules in the order in which they are tried, with everything that can be done to them. */
export function RuleList<R extends Rule>(props: Props<R>) {
  const { id, rules, change, form: Form } = props;
  const [editing, setEditing] = useState<number | null>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const focus = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (!focus.current) return;
    const target = document.getElementById(focus.current);
    focus.current = null;
    if (target)
      (target.matches(':disabled')
        ? target.parentElement?.querySelector<HTMLElement>('button:enabled')
        : target
      )?.focus();
  });

  const edit = (index: number | null) => {
    if ((index === null) !== (editing === null)) props.open(index === null ? -1 : 1);
    if (index === null && editing !== null)
      focus.current = editing < rules.length ? `${id}-${editing}-edit` : `${id}-add`;
    setEditing(index);
  };
  const move = (from: number, to: number, side: 'up' | 'down' | null) => {
    const moving = rules[from];
    if (!moving || to < 0 || to >= rules.length || from === to) return;
    const next = rules.filter((_, i) => i !== from);
    next.splice(to, 0, moving);
    change(next);
    if (side) focus.current = `${id}-${to}-${side}`;
    announce(t.policy.moved({ name: moving.name, place: to + 1, of: rules.length }));
  };
  const remove = (index: number) => {
    announce(t.policy.removed({ name: rules[index]?.name ?? '' }));
    change(rules.filter((_, i) => i !== index));
    focus.current = rules.length > 1 ? `${id}-${Math.min(index, rules.length - 2)}-edit` : `${id}-add`;
  };
  const formFor = (index: number) => (
    <Form
      id={`${id}-${index}`}
      rule={rules[index] ?? props.fresh}
      names={rules.filter((_, i) => i !== index).map((r) => r.name)}
      done={(rule) => {
        change(index < rules.length ? rules.map((r, i) => (i === index ? rule : r)) : [...rules, rule]);
        edit(null);
        focus.current = `${id}-${index}-edit`;
      }}
      cancel={() => edit(null)}
    />
  );

  return (
    <section class="rules" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{props.title}</h2>
      {props.note && <p class="quiet">{props.note}</p>}
      <ol class="rule-list">
        {rules.map((rule, i) => (
          <li
            key={i}
            class={`rule ${dragged === i ? 'rule-dragged' : ''}`}
            draggable={editing === null && !props.fixed}
            onDragStart={(e) => {
              e.dataTransfer?.setData('text/plain', '');
              setDragged(i);
            }}
            onDragEnd={() => setDragged(null)}
            onDragOver={(e) => {
              if (dragged === null) return;
              e.preventDefault();
              move(dragged, i, null);
              setDragged(i);
            }}
          >
            {editing === i ? (
              formFor(i)
            ) : (
              <>
                <span class="rule-number" aria-hidden="true">
                  {i + 1}
                </span>
                <div class="rule-text">
                  <h3>
                    <Verbatim text={rule.name} />
                  </h3>
                  <p>{props.sentence(rule)}</p>
                  {rule.reason && (
                    <p class="quiet">
                      <Verbatim text={rule.reason} />
                    </p>
                  )}
                  {props.aside(i)}
                </div>
                <div class="rule-acts" hidden={props.fixed}>
                  <Act
                    id={`${id}-${i}-up`}
                    label={t.policy.up({ name: rule.name })}
                    off={i === 0 || editing !== null}
                    act={() => move(i, i - 1, 'up')}
                  >
                    <UpIcon />
                  </Act>
                  <Act
                    id={`${id}-${i}-down`}
                    label={t.policy.down({ name: rule.name })}
                    off={i === rules.length - 1 || editing !== null}
                    act={() => move(i, i + 1, 'down')}
                  >
                    <DownIcon />
                  </Act>
                  <Act
                    id={`${id}-${i}-edit`}
                    label={t.policy.editRule({ name: rule.name })}
                    off={editing !== null}
                    act={() => edit(i)}
                  >
                    <EditIcon />
                  </Act>
                  <Act
                    id={`${id}-${i}-remove`}
                    label={t.policy.removeRule({ name: rule.name })}
                    off={editing !== null}
                    act={() => remove(i)}
                  >
                    <CrossIcon />
                  </Act>
                </div>
              </>
            )}
          </li>
        ))}
        {editing === rules.length && <li class="rule">{formFor(rules.length)}</li>}
      </ol>
      <p class="rule-otherwise">{rules.length === 0 ? props.none : props.otherwise}</p>
      <button
        id={`${id}-add`}
        type="button"
        class="button"
        hidden={props.fixed}
        disabled={editing !== null}
        onClick={() => edit(rules.length)}
      >
        <PlusIcon />
        {props.add}
      </button>
    </section>
  );
}

type ActProps = { id: string; label: string; off: boolean; act: () => void; children: ComponentChildren };

function Act({ id, label, off, act, children }: ActProps) {
  return (
    <button
      id={id}
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      disabled={off}
      onClick={act}
    >
      {children}
    </button>
  );
}
