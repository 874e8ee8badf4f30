import { Moment } from '../kit/moment.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dayAndClock } from '../messages/when.js';
import type { FullStatus } from '../state/api.js';
import { minute } from '../state/live.js';
import { Fact, State } from './health-facts.js';

type Alarm = FullStatus['alarms'][number];
type Channel = FullStatus['alerts'][number];

/** What stands and what is over, newest first. */
export function HealthAlarms({ standing, past }: { standing: Alarm[]; past: Alarm[] }) {
  const all = [...standing, ...past];
  const columns = t.health.alarmsColumns;
  return (
    <section aria-labelledby="alarms">
      <h2 id="alarms">{t.health.alarmsTitle}</h2>
      {all.length === 0 ? (
        <p class="quiet">{t.health.alarmsNone}</p>
      ) : (
        <table class="table">
          <TableHead columns={columns} />
          <tbody>
            {all.map((a) => (
              <tr key={`${a.key} ${a.raised_at}`} class={a.cleared_at === null ? undefined : 'quiet'}>
                <td class="table-why" translate={false}>
                  {clean(a.message)}
                </td>
                <td>
                  <TableLabel name={columns.since} />
                  <Moment at={a.raised_at} />
                </td>
                <td>
                  <TableLabel name={columns.until} />
                  {a.cleared_at === null ? (
                    <State good={false}>{t.health.stands}</State>
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
      <h2 id="alerts">{t.health.alertsTitle}</h2>
      {channels.length === 0 ? (
        <p class="quiet">{t.health.alertsNone}</p>
      ) : (
        <dl class="facts">
          {channels.map((c) => (
            <Fact key={c.channel} name={t.health.channel[c.channel] ?? c.channel}>
              <Verbatim text={c.target} />
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
  const { waiting } = c;
  if (c.failing_since !== null)
    return (
      <>
        <State good={false}>
          {t.health.alertFails({ since: dayAndClock(c.failing_since, minute.value) })}
        </State>{' '}
        <span class="quiet">
          <Verbatim text={`${clean(c.problem).replace(/\.$/, '')}.`} />{' '}
          {t.health.alertWaiting({ n: waiting })}
        </span>
      </>
    );
  if (c.last_sent_at === null) return <span class="quiet">{t.health.alertIdle({ waiting })}</span>;
  const when = dayAndClock(c.last_sent_at, minute.value);
  return (
    <>
      <State good>{t.health.alertGood}</State>{' '}
      <span class="quiet">{t.health.alertSent({ when, waiting })}</span>
    </>
  );
}
