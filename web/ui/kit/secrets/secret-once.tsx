import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { t } from '../../messages/language.js';
import { TickIcon } from '../icons.js';

type Props = { title: string; help: string; label: string; secret: string; done: () => void };

/** A secret that is shown this once, to be copied. It takes focus, so that nobody leaves without having seen it. */
export function SecretOnce({ title, help, label, secret, done }: Props) {
  const box = useRef<HTMLElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState<boolean | null>(null);
  useLayoutEffect(() => box.current?.focus(), []);
  const copy = async () => {
    input.current?.select();
    try {
      await navigator.clipboard.writeText(secret);
      setCopied(true);
    } catch {
      // Browsers allow it over TLS only.
      setCopied(document.execCommand('copy'));
    }
  };
  return (
    <section class="note note-live secret" ref={box} tabIndex={-1} aria-label={title}>
      <TickIcon />
      <div>
        <p class="note-title">{title}</p>
        <p>{help}</p>
        <div class="secret-line">
          <input
            type="text"
            readOnly
            ref={input}
            aria-label={label}
            value={secret}
            spellcheck={false}
            autocomplete="off"
            onFocus={(e) => e.currentTarget.select()}
          />
          <button type="button" class="button" onClick={copy}>
            {t.people.link.copy}
          </button>
          <button type="button" class="button" onClick={done}>
            {t.people.link.done}
          </button>
        </div>
        <p role="status" class="field-help">
          {copied === true && t.people.link.copied}
          {copied === false && t.people.link.copyFailed}
        </p>
      </div>
    </section>
  );
}
