import { unqualified } from '../../../daemon/domain/place.js';
import { pbxBeside } from '../state/pbxes.js';
import { t } from './language.js';
import { clean } from './numbers.js';

/** An extension, queue or number of ours as people read it: bare, with the name of its PBX where there are several. */
export function placeName(text: string): string {
  const { pbx, name } = unqualified(text);
  const beside = clean(pbxBeside(pbx));
  return beside ? t.common.onPbx({ name: clean(name), pbx: beside }) : clean(name);
}
