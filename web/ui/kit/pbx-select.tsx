import { writePbx } from '../../../daemon/domain/place.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { pbxes } from '../state/pbxes.js';

type Props = { id?: string; value: string; choose: (pbx: string) => void; class?: string; label?: string };

/** One PBX or all of them, as an address has it: empty for all. */
export function PbxSelect({ id: selectId, value, choose, class: name, label }: Props) {
  const known = pbxes().map(({ id, name }): [string, string] => [writePbx(id), clean(name)]);
  const gone = value && !known.some(([id]) => id === value) ? [[value, clean(value)] as const] : [];
  return (
    <select
      id={selectId}
      class={name}
      aria-label={label}
      value={value}
      data-set={value ? '' : undefined}
      onChange={(e) => choose(e.currentTarget.value)}
    >
      <option value="">{t.common.allPbxes}</option>
      {[...known, ...gone].map(([id, text]) => (
        <option key={id} value={id} translate={false}>
          {text}
        </option>
      ))}
    </select>
  );
}
