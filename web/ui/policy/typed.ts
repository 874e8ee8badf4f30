import { computed, signal } from '@preact/signals';

/** The pages that change the policy. They share one draft, so what is unfinished on one of them blocks saving on both. */
export type PolicyPageName = 'policy' | 'telling';
type Typed = { page: PolicyPageName; text: string; wrong: boolean };

/** What was typed into fields since the policy was loaded. The draft has only what is valid, so the text is kept beside it. */
const typed = signal<Readonly<Record<string, Typed>>>({});

/** The pages with a field that is not valid. */
export const unfinished = computed(() => [
  ...new Set(
    Object.values(typed.value)
      .filter(({ wrong }) => wrong)
      .map(({ page }) => page),
  ),
]);

/** Forgets what was typed, on one page or on all. */
export function forgetTyped(page?: PolicyPageName): void {
  const others = Object.entries(typed.value).filter(([, one]) => page !== undefined && one.page !== page);
  typed.value = Object.fromEntries(others);
}

/** Returns the text of a field and what keeps it. `written`: what is in the draft, which is shown until somebody types. */
export function typedInto(page: PolicyPageName, id: string, written: string) {
  const text = typed.value[id]?.text ?? written;
  const keep = (text: string, wrong: boolean) => {
    typed.value = { ...typed.value, [id]: { page, text, wrong } };
  };
  return [text, keep] as const;
}
