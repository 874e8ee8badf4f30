import { iso } from '../days.js';
import type { CallRecord, Party } from './recording.js';

const named = ({ name, number }: Party): string => name || number || 'unknown';

/** What the file of a recording says of its call. */
export const tagsOf = ({ id, startedAt, them, us }: CallRecord) => ({
  title: `${named(them)} - ${named(us)}`,
  date: iso(startedAt),
  callId: id,
});
