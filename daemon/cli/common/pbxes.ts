import type { PbxId } from '../../domain/pbx.js';
import { unqualified } from '../../domain/place.js';
import type { Config } from '../../ops/config-schema.js';

export const PBX_OPTION = '--pbx <id>';

/** Whether people have to be told which PBX something is of. */
export const severalPbxes = ({ pbxes }: Config): boolean => pbxes.length > 1;

/** What people call a PBX; its id where it is not set up any more. */
export const pbxName = ({ pbxes }: Config, id: PbxId): string =>
  pbxes.find((pbx) => pbx.id === id)?.name ?? id;

/** One sentence for each PBX that these extensions, queues and numbers are on and that is not set up. */
export function notSetUp({ pbxes }: Config, names: readonly string[]): string[] {
  const ids = new Set(names.map((name) => unqualified(name).pbx));
  for (const { id } of pbxes) ids.delete(id);
  return [...ids].map(
    (id) => `No PBX with the id "${id}" is set up: what begins with "${id}/" fits no call.`,
  );
}
