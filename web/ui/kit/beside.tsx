import { pbxBeside } from '../state/pbxes.js';
import { Verbatim } from './verbatim.js';

/** The name of a PBX beside what is of it; nothing where there is but one. */
export function OnPbx({ id }: { id: string }) {
  const name = pbxBeside(id);
  return name === '' ? null : <Verbatim text={name} class="pbx" />;
}
