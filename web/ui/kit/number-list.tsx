import { useRef, useState } from 'preact/hooks';
import { unqualified } from '../../../daemon/domain/place.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { placeName } from '../messages/places.js';
import { pbxBeside, pbxes, pbxName } from '../state/pbxes.js';
import { CrossIcon } from './icons.js';
import { Verbatim } from './verbatim.js';

type Props = {
  id: string;
  label: string;
  help?: string;
  error?: string | undefined;
  numbers: string[];
  change: (numbers: string[]) => void;
  /** What was seen in calls, with the name that goes with it. */
  seen: { number: string; name: string }[];
  /** Told what is typed and not yet added. */
  typing: (text: string) => void;
};

/** Extensions, queues or numbers: chosen from what was seen in calls, or typed. */
export function NumberList({ id, label, help, error, numbers, change, seen, typing }: Props) {
  const [text, setText] = useState('');
  const [, another] = pbxes();
  const input = useRef<HTMLInputElement>(null);
  const type = (typed: string) => {
    setText(typed);
    typing(typed.trim());
  };
  const add = () => {
    const fresh = text
      .split(',')
      .map((part) => part.trim().slice(0, 80))
      .filter((part, i, all) => part !== '' && !numbers.includes(part) && all.indexOf(part) === i);
    if (fresh.length > 0) change([...numbers, ...fresh]);
    type('');
    input.current?.focus();
  };
  const take = (number: string) => {
    change(numbers.filter((n) => n !== number));
    input.current?.focus();
  };
  return (
    <div class={`field numbers ${error ? 'field-bad' : ''}`}>
      <label for={id}>{label}</label>
      {numbers.length > 0 && (
        <ul class="numbers-given" aria-label={label}>
          {numbers.map((number) => {
            const name = seen.find((s) => s.number === number)?.name ?? '';
            return (
              <li key={number} class="number-given">
                <span>
                  <Verbatim text={placeName(number)} />
                  {name && (
                    <span class="quiet">
                      {' '}
                      <Verbatim text={name} />
                    </span>
                  )}
                </span>
                <button
                  type="button"
                  class="icon-button"
                  aria-label={t.people.form.take({ number: placeName(number), what: label })}
                  onClick={() => take(number)}
                >
                  <CrossIcon />
                </button>
              </li>
            );
          })}
        </ul>
      )}
      <div class="field-line">
        <input
          id={id}
          ref={input}
          type="text"
          value={text}
          list={`${id}-seen`}
          autocomplete="off"
          spellcheck={false}
          maxLength={500}
          aria-invalid={error ? 'true' : undefined}
          aria-describedby={`${id}-help${error ? ` ${id}-error` : ''}`}
          onInput={(e) => type(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key !== 'Enter' || text.trim() === '') return;
            e.preventDefault();
            add();
          }}
        />
        <datalist id={`${id}-seen`}>
          {seen
            .filter((s) => !numbers.includes(s.number))
            .map((s) => (
              <option
                key={s.number}
                value={s.number}
                label={
                  [s.name, pbxBeside(unqualified(s.number).pbx)].filter(Boolean).join(' · ') || undefined
                }
                translate={false}
              />
            ))}
        </datalist>
        <button
          type="button"
          class="button"
          aria-label={t.people.form.addToLong({ what: label })}
          onClick={add}
        >
          {t.people.form.addTo}
        </button>
      </div>
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
      <p class="field-help" id={`${id}-help`}>
        {help ?? t.people.form.listHelp}{' '}
        {another && t.common.placesHelp({ pbx: another.id, first: clean(pbxName('')) })}
      </p>
    </div>
  );
}
