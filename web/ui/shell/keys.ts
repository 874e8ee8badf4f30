import { effect, signal } from '@preact/signals';
import { searchWanted } from '../calls/search.js';
import { typing } from '../kit/escape.js';
import { player } from '../player/player.js';
import { remembered } from '../state/remembered.js';

/** The list of keyboard shortcuts is open. */
export const keysShown = signal(false);

/** Single-key commands can be switched off (WCAG 2.1.4). */
export const singleKeys = signal(remembered.read('single-keys') !== 'off');
effect(() => remembered.write('single-keys', singleKeys.value ? 'on' : 'off'));

const pressable = 'button, summary, input, [role=button]';

const commands: Record<string, () => void> = {
  '/': () => {
    // At once where the box can be seen, or the first letter typed after it would be lost.
    const box = document.querySelector<HTMLInputElement>('[data-search]');
    if (box?.offsetParent) {
      box.focus();
      box.select();
      return;
    }
    // Pages without the box lead to the one that has it.
    document.querySelector<HTMLElement>('.brand-link')?.click();
    searchWanted.value = true;
  },
  '?': () => {
    keysShown.value = true;
  },
  ' ': () => player.toggle(),
  k: () => player.toggle(),
  j: () => player.skip(-15_000),
  l: () => player.skip(15_000),
  arrowleft: () => player.skip(-5000),
  arrowright: () => player.skip(5000),
  '[': () => player.faster(-1),
  ']': () => player.faster(1),
};
/** These work without a player; all others need something loaded in it. */
const always = new Set(['/', '?']);

export function listenForKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !singleKeys.value) return;
    const key = event.key.toLowerCase();
    const command = commands[key];
    const target = event.target as Element | null;
    if (!command || target?.closest(typing) || document.querySelector('dialog[open]')) return;
    if ((key === ' ' || key.startsWith('arrow')) && target?.closest(pressable)) return;
    if (!always.has(key) && !player.call.value) return;
    event.preventDefault();
    command();
  });
}
