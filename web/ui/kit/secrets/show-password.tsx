import { t } from '../../messages/language.js';

export function ShowPassword({ shown, set }: { shown: boolean; set: (shown: boolean) => void }) {
  return (
    <button
      type="button"
      class="button"
      aria-label={shown ? t.signIn.hidePassword : t.signIn.showPassword}
      onClick={() => set(!shown)}
    >
      {shown ? t.signIn.hide : t.signIn.show}
    </button>
  );
}
