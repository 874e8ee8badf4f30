import { effect, signal } from '@preact/signals';
import { remembered } from './remembered.js';

export type Theme = 'system' | 'light' | 'dark';
export const themes: Theme[] = ['system', 'light', 'dark'];

const stored = remembered.read('theme');
export const theme = signal<Theme>(themes.includes(stored as Theme) ? (stored as Theme) : 'system');

effect(() => {
  const choice = theme.value;
  if (choice === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  remembered.write('theme', choice);
});
