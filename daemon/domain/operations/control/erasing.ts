import { Type } from 'typebox';
import { sha256 } from '../../assurance/canonical.js';
import { orNull } from '../../reason/coded.js';
import { reasonShape } from '../../reason/reason.js';
import { By, Id, proved, Text } from './request.js';

/** What can be asked about erasing. */

/** Keys and files are destroyed one by one. */
const ERASE_MS = 3_600_000;
/** So many calls can be named at once. */
export const MOST_ERASED = 500;

const Result = {
  erased: Type.Integer(),
  failed: Type.Integer({
    description: 'Could not be erased; the log has the cause, and the next run retries.',
  }),
  left: Type.Integer({ description: 'Left for the next run.' }),
  protected: Type.Integer({ description: 'Came under a legal hold or a minimum while the run went on.' }),
};

/** What names these calls together, for a proof and for an approval: the call, or a digest of their ids. */
export const eraseObject = (calls: readonly string[]): string =>
  calls.length === 1 ? calls[0]! : sha256([...new Set(calls)].sort().join('\n'));

export const ERASING = {
  /** Erases what is due; `confirm` where the safety limit asks for it. Throws `retention_refused`. Needs `settings` and a proof. */
  run_retention: proved(
    'erasing',
    '/retention/run',
    Type.Object({ by: By, confirm: Type.Optional(Text(80)) }),
    Type.Object(Result),
    { timeoutMs: ERASE_MS, object: ({ confirm = '' }) => confirm },
  ),
  /**
   * Erases all versions of the recordings of these calls, or none of them: where a legal hold or a minimum protects one, `refused`
   * names each with the reason. `confirm` is "erase" and the number of calls. Where the policy asks for a second person, the answer
   * names the `approval` that is waited for, and the same request erases once that was given. `request`: for which request of a
   * person, whose calls they have to be; its number stands on the certificate. Needs the right `settings`, and `privacy` for a request,
   * and a proof. Throws `privacy_unknown`, `privacy_closed`, `privacy_refused`, `call_unknown`, `recording_absent`, `recording_erasing`, `request_invalid`, `reason_names`, `approval_missing`.
   */
  erase_calls: proved(
    'erasing',
    '/recordings/erase',
    Type.Object({
      by: By,
      calls: Type.Array(Id, { minItems: 1, maxItems: MOST_ERASED }),
      reason: Text(300),
      confirm: Text(40),
      request: Type.Optional(Id),
    }),
    Type.Object({
      ...Result,
      refused: Type.Array(
        Type.Object({ call_id: Type.String(), recording_id: Type.String(), ...reasonShape }),
        {
          description: 'Protected recordings. If there are any, nothing was erased.',
        },
      ),
      approval: orNull(
        Type.String({
          description: 'What a second person has to approve first; null when nothing is waited for.',
        }),
      ),
    }),
    {
      timeoutMs: ERASE_MS,
      object: ({ calls }) => eraseObject(calls),
    },
  ),
} as const;
