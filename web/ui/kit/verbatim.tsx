import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { exactParty, isNamed, nameOf } from '../messages/people.js';
import type { Party } from '../state/api.js';
import { pbxBeside } from '../state/pbxes.js';
import { Sentence } from './sentence.js';

type Props = { text: string; class?: string };

/** Text of somebody or something else, such as a name, a number or a reason: it keeps its direction and its language. */
export function Verbatim({ text, class: name }: Props) {
  return (
    <bdi class={name} translate={false}>
      {clean(text)}
    </bdi>
  );
}

/** A party by its name, else by its number; both under the pointer. */
export function PartyName({ party, title = true }: { party: Party; title?: boolean }) {
  return (
    <bdi title={title ? exactParty(party) : undefined} translate={isNamed(party) ? false : undefined}>
      {nameOf(party)}
    </bdi>
  );
}

/** A reason behind the rule that has it, if one has. */
export function Because({ rule, reason }: { rule: string | null; reason: string }) {
  const why = <Verbatim text={reason} class="quiet" />;
  if (!rule) return why;
  return <Sentence of={t.common.because} parts={{ rule: <Verbatim text={rule} />, reason: why }} />;
}

/** The name of a PBX beside what is of it; nothing where there is but one. */
export function OnPbx({ id }: { id: string }) {
  const name = pbxBeside(id);
  return name === '' ? null : <Verbatim text={name} class="pbx" />;
}
