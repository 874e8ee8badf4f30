import type { Status } from '../api.js';
import { AlarmIcon } from './icons.js';
import { problemOf } from './status-chip.js';

/** One sentence over every page when the recorder or the PBX is in trouble, and what to do. */
export function Problem({ status }: { status: Status }) {
  const problem = problemOf(status);
  return (
    <div role="status" class={problem ? 'banner' : 'unseen'}>
      {problem && (
        <>
          <AlarmIcon />
          <p>
            <strong>{problem.message}</strong> <span>{problem.hint}</span>
          </p>
        </>
      )}
    </div>
  );
}
