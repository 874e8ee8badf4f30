export type Child = Node | string | null;

/** Returns an element. Everything that is shown is put in as text: nothing of a pack is ever HTML. */
export function el(tag: string, look: string, ...children: Child[]): HTMLElement {
  const made = document.createElement(tag);
  if (look) made.className = look;
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** What comes from a pack, without signs that steer a terminal or turn the direction of writing. */
const plain = (text: string): string => text.replace(/[^\P{C}\n]/gu, '\ufffd');
export const said = (text: string): HTMLElement => el('bdi', '', plain(text));
