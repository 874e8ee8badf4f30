import type { Session } from './api.js';
import { session } from './session.js';

type Pbx = Session['pbxes'][number];

/** The PBXs that are set up, the first one first. */
export const pbxes = (): readonly Pbx[] => session.value?.pbxes ?? [];

/** Whether people have to be told which PBX something is of. */
export const severalPbxes = (): boolean => pbxes().length > 1;

/** What people call a PBX; its id where it is not set up any more. */
export const pbxName = (id: string): string => pbxes().find((pbx) => pbx.id === id)?.name ?? id;

/** The name of the PBX to stand beside what is of it; empty where there is but one. */
export const pbxBeside = (id: string): string =>
  severalPbxes() || !pbxes().some((pbx) => pbx.id === id) ? pbxName(id) : '';
