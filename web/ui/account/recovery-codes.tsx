import { useState } from 'preact/hooks';
import { t } from '../messages/language.js';
import { session } from '../state/session.js';

/** The codes, shown this once. */
export function RecoveryCodes({ codes, kept }: { codes: string[]; kept: () => void }) {
  const [copied, setCopied] = useState(false);
  const text = `${t.factors.codes.file({ site: session.value?.site.name ?? '' })}\n\n${codes.join('\n')}\n`;
  const copy = () => navigator.clipboard.writeText(text).then(() => setCopied(true));
  const save = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    link.download = 'tapedeck-recovery-codes.txt';
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <section class="codes" aria-labelledby="codes-title">
      <h2 id="codes-title">{t.factors.codes.title}</h2>
      <p>{t.factors.codes.text}</p>
      <ol class="codes-list">
        {codes.map((code) => (
          <li key={code}>
            <code translate={false}>{code}</code>
          </li>
        ))}
      </ol>
      <div class="acts">
        {isSecureContext && (
          <button type="button" class="button" onClick={copy}>
            {copied ? t.factors.codes.copied : t.factors.codes.copy}
          </button>
        )}
        <button type="button" class="button" onClick={save}>
          {t.factors.codes.save}
        </button>
      </div>
      <button type="button" class="button button-main button-wide" onClick={kept}>
        {t.factors.codes.kept}
      </button>
    </section>
  );
}
