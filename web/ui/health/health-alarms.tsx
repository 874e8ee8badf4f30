import { Moment } from '../kit/moment.js';
import { TableHead } from '../kit/table-head.js';
import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import { dayAndClock } from '../messages/when.js';
import type { FullStatus } from '../state/api.js';
import { minute } from '../state/live.js';
import { Fact, State } from './health-facts.js';

const words = t.health;
type Alarm = FullStatus['alarms'][number];
type Channel = FullStatus['alerts'][number];

/** What stands and what is over, newest first. */
export function HealthAlarms({ standing, past }: { standing: Alarm[]; past: Alarm[] }) {
  const all = [...standing, ...past];
  const columns = words.alarmsColumns;
  return (
    <section aria-labelledby="alarms">
      <h2 id="alarms">{words.alarmsTitle}</h2>
      {all.length === 0 ? (
        <p class="quiet">{words.alarmsNone}</p>
      ) : (
        <table class="table">
          <TableHead columns={columns} />
          <tbody>
            {all.map((a) => (
              <tr key={`${a.key} ${a.raised_at}`} class={a.cleared_at === null ? undefined : 'quiet'}>
                <td class="table-why">{clean(a.message)}</td>
                <td>
                  <span class="table-label">{columns.since}: </span>
                  <Moment at={a.raised_at} />
                </td>
                <td>
                  <span class="table-label">{columns.until}: </span>
                  {a.cleared_at === null ? (
                    <State good={false}>{words.stands}</State>
                  ) : (
                    <Moment at={a.cleared_at} />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** Where messages about alarms go, and whether they arrive. */
export function HealthAlerts({ channels }: { channels: Channel[] }) {
  return (
    <section aria-labelledby="alerts">
      <h2 id="alerts">{words.alertsTitle}</h2>
      {channels.length === 0 ? (
        <p class="quiet">{words.alertsNone}</p>
      ) : (
        <dl class="facts">
          {channels.map((c) => (
            <Fact key={c.channel} name={words.channel[c.channel] ?? c.channel}>
              <bdi>{clean(c.target)}</bdi>
              <br />
              <ChannelState channel={c} />
            </Fact>
          ))}
        </dl>
      )}
    </section>
  );
}

function ChannelState({ channel: c }: { channel: Channel }) {
  const waiting = c.waiting > 0 && ` ${words.alertWaiting(c.waiting)}.`;
  if (c.failing_since !== null)
    return (
      <>
        <State good={false}>{words.alertFails(dayAndClock(c.failing_since, minute.value))}</State>
        <span class="quiet">
          {' '}
          {clean(c.problem).replace(/\.$/, '')}.{waiting}
        </span>
      </>
    );
  if (c.last_sent_at === null)
    return (
      <span class="quiet">
        {words.alertIdle}.{waiting}
      </span>
    );
  return (
    <>
      <State good>{words.alertGood}</State>
      <span class="quiet">
        , {words.alertSent(dayAndClock(c.last_sent_at, minute.value))}.{waiting}
      </span>
    </>
  );
}
