import { InIcon, InternalIcon, LiveIcon, NoIcon, OutIcon, WaitIcon } from '../kit/icons.js';
import { TableHead } from '../kit/table-head.js';
import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import { exactParty, nameOf, numberBeside } from '../messages/people.js';
import { exact, length } from '../messages/when.js';
import type { FullStatus } from '../state/api.js';
import { second } from '../state/live.js';

const words = t.health;
type Call = FullStatus['calls'][number];

/** Calls now, each with a running clock, whether it is recorded, and why. */
export function HealthCalls({ calls }: { calls: Call[] }) {
  return (
    <section aria-labelledby="calls-now">
      <h2 id="calls-now">{words.callsTitle}</h2>
      {calls.length === 0 ? (
        <p class="quiet">{words.callsNone}</p>
      ) : (
        <table class="table">
          <TableHead columns={words.columns} />
          <tbody>
            {calls.map((call) => (
              <Row key={call.id} call={call} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Row({ call }: { call: Call }) {
  const number = numberBeside(call.them);
  const since = call.answered_at ?? call.since;
  return (
    <tr>
      <td class="table-call">
        <Direction call={call} />{' '}
        <a href={`/calls/${encodeURIComponent(call.id)}`} title={exactParty(call.them)}>
          <bdi>{nameOf(call.them)}</bdi>
        </a>{' '}
        {number && <span class="quiet">{number}</span>}
      </td>
      <td class="health-us">
        <span class="table-label">{words.columns.with}: </span>
        <bdi title={exactParty(call.us)}>{nameOf(call.us)}</bdi>
      </td>
      <td>
        <span class="table-label">{words.columns.for}: </span>
        <time datetime={since} title={exact(since)}>
          {length(Math.max(0, second.value - Date.parse(since)))}
        </time>
      </td>
      <td class="table-why">
        <Recorded call={call} /> <span class="quiet">{clean(call.why)}</span>
      </td>
    </tr>
  );
}

function Recorded({ call }: { call: Call }) {
  if (call.recorded)
    return (
      <span class="badge badge-live">
        <LiveIcon />
        <span>{words.recorded}</span>
      </span>
    );
  const rings = call.answered_at === null;
  return (
    <span class={`badge badge-${rings ? 'wait' : 'quiet'}`}>
      {rings ? <WaitIcon /> : <NoIcon />}
      <span>{rings ? words.ringing : words.notRecorded}</span>
    </span>
  );
}

function Direction({ call }: { call: Call }) {
  const Icon = { in: InIcon, out: OutIcon, internal: InternalIcon }[call.direction];
  return (
    <>
      <Icon class="row-direction" />
      <span class="unseen">{t.calls.directionLong[call.direction]}</span>
    </>
  );
}
