import { effect, signal } from '@preact/signals';
import { remembered } from './remembered.js';

export type Theme = 'system' | 'light' | 'dark';
export const themes: Theme[] = ['system', 'light', 'dark'];

export const theme = signal<Theme>('system');

/** Takes up what was chosen before, and follows what is chosen. */
export function startTheme(): void {
  const stored = remembered.read('theme');
  if (themes.includes(stored as Theme)) theme.value = stored as Theme;
  effect(() => {
    const choice = theme.value;
    if (choice === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    if (choice !== remembered.read('theme')) remembered.write('theme', choice);
  });
}
