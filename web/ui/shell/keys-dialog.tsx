import { Dialog } from '../kit/dialog.js';
import { KeyTable } from '../kit/key-table.js';
import { t } from '../messages/language.js';
import { keysShown, singleKeys } from './keys.js';

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
