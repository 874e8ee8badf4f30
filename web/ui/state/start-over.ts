import { render } from 'preact';
import { player } from '../player/player.js';

let begun = false;

/**
 * Another person is signed in, or nobody by their own wish: the page ends, and a new one begins at the start. Nothing of the
 * last person's is left in it, because nothing of the page is left.
 */
export function startOver(): void {
  if (begun) return;
  begun = true;
  player.unload();
  // With what pages would still ask before they are left.
  render(null, document.getElementById('app')!);
  // A browser keeps an entry's state where the address is the same.
  history.replaceState(null, '', '/');
  location.replace('/');
}
