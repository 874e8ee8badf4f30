/** Small choices kept by this browser. Storage may be switched off; then a choice lasts as long as the page. */
export const remembered = {
  read(key: string): string | null {
    try {
      return localStorage.getItem(`tapedeck.${key}`);
    } catch {
      return null;
    }
  },
  write(key: string, value: string): void {
    try {
      localStorage.setItem(`tapedeck.${key}`, value);
    } catch {
      // Nothing to do: the choice still holds for this page.
    }
  },
};
