import { InIcon, InternalIcon, LiveIcon, NoIcon, OutIcon, WaitIcon } from '../kit/icons.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { PartyName, Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { numberBeside } from '../messages/people.js';
import { exact, length } from '../messages/when.js';
import type { FullStatus } from '../state/api.js';
import { second } from '../state/live.js';

type Call = FullStatus['calls'][number];

/** Calls now, each with a running clock, whether it is recorded, and why. */
export function HealthCalls({ calls }: { calls: Call[] }) {
  return (
    <section aria-labelledby="calls-now">
      <h2 id="calls-now">{t.health.callsTitle}</h2>
      {calls.length === 0 ? (
        <p class="quiet">{t.health.callsNone}</p>
      ) : (
        <table class="table">
          <TableHead columns={t.health.columns} />
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
        <a href={`/calls/${encodeURIComponent(call.id)}`}>
          <PartyName party={call.them} />
        </a>{' '}
        {number && (
          <span class="quiet" translate={false}>
            {number}
          </span>
        )}
      </td>
      <td class="health-us">
        <TableLabel name={t.health.columns.with} />
        <PartyName party={call.us} />
      </td>
      <td>
        <TableLabel name={t.health.columns.for} />
        <time datetime={since} title={exact(since)}>
          {length(Math.max(0, second.value - Date.parse(since)))}
        </time>
      </td>
      <td class="table-why">
        <Recorded call={call} /> <Verbatim text={call.why} class="quiet" />
      </td>
    </tr>
  );
}

function Recorded({ call }: { call: Call }) {
  if (call.recorded)
    return (
      <span class="badge badge-live">
        <LiveIcon />
        <span>{t.health.recorded}</span>
      </span>
    );
  const rings = call.answered_at === null;
  return (
    <span class={`badge badge-${rings ? 'wait' : 'quiet'}`}>
      {rings ? <WaitIcon /> : <NoIcon />}
      <span>{rings ? t.health.ringing : t.health.notRecorded}</span>
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
