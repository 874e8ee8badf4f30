import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import type { Approval } from '../state/api-approvals.js';

const valuesOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value ? { ...value } : {};

/** What a request applies to, in a few words. They come from what is approved, all of which is shown beside them. */
export function About({ approval: { act, object, shown } }: { approval: Approval }) {
  const words = t.approvals.about;
  const { call, version, matter, recordings } = valuesOf(shown);
  const { name } = valuesOf(matter);
  if (act === 'release_hold' && typeof name === 'string') return <Verbatim text={name} />;
  if (act === 'erase' && Array.isArray(recordings)) return <>{words.recordings({ n: recordings.length })}</>;
  if (act === 'hear_older' && typeof call === 'string' && typeof version === 'number')
    return <a href={`/calls/${encodeURIComponent(call)}`}>{words.version({ version })}</a>;
  if (object === 'policy') return <>{words.policy}</>;
  return <Verbatim text={object} class="approval-id" />;
}
