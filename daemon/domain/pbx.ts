import { type Static, Type } from 'typebox';
import { PBX_ID } from './place.js';

export { FIRST, isPbxId, qualified, readPbx, unqualified, writePbx } from './place.js';

export const PbxId = Type.String({
  pattern: PBX_ID,
  description: 'Id of the PBX; empty for the first one.',
});
export type PbxId = Static<typeof PbxId>;
