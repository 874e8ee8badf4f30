import { signal } from '@preact/signals';
import { singleKeys } from '../keys.js';
import { t } from '../messages/en.js';
import { Dialog } from './dialog.js';

export const keysShown = signal(false);

export function KeysDialog() {
  if (!keysShown.value) return null;
  return (
    <Dialog
      title={t.keys.title}
      onClose={() => {
        keysShown.value = false;
      }}
    >
      <p>{t.keys.intro}</p>
      <div class="keys">
        {(['everywhere', 'list', 'player'] as const).map((group) => (
          <section key={group}>
            <h3>{t.keys.groups[group]}</h3>
            <KeyTable lines={t.keys.lines[group] ?? []} />
          </section>
        ))}
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={(e) => {
            singleKeys.value = e.currentTarget.checked;
          }}
        />
        <span>
          {t.keys.single}
          <small>{t.keys.singleHelp}</small>
        </span>
      </label>
    </Dialog>
  );
}

export function KeyTable({ lines }: { lines: [string, string][] }) {
  return (
    <dl class="key-lines">
      {lines.map(([keys, does]) => (
        <div key={keys}>
          <dt>
            {keys.split(' ').map((k) => (
              <kbd key={k}>{k}</kbd>
            ))}
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  );
}
