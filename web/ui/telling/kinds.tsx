import { t } from '../messages/language.js';

/** The kinds of prompts, to choose from. */
export const Kinds = () => (
  <>
    {(['announce', 'announce_refusal', 'ask'] as const).map((kind) => (
      <option key={kind} value={kind}>
        {t.telling.modes[kind]}
      </option>
    ))}
  </>
);
