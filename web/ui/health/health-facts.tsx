import type { ComponentChildren } from 'preact';
import { AlarmIcon, TickIcon } from '../kit/icons.js';
import { Moment } from '../kit/moment.js';
import { TableHead } from '../kit/table-head.js';
import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import { count, exact, length, lengthInWords, size } from '../messages/when.js';
import type { FullStatus } from '../state/api.js';
import { second } from '../state/live.js';

const words = t.health;
type Props = { s: FullStatus };

/** A state that is good or not, by a word and a sign. */
export function State({ good, children }: { good: boolean; children: ComponentChildren }) {
  return (
    <span class={`state ${good ? 'state-good' : 'state-bad'}`}>
      {good ? <TickIcon /> : <AlarmIcon />}
      <span>{children}</span>
    </span>
  );
}

function Facts({ id, title, children }: { id: string; title: string; children: ComponentChildren }) {
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <dl class="facts">{children}</dl>
    </section>
  );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Pbx({ s }: Props) {
  const { pbx, last_event_at: last } = s;
  const link = (up: boolean) => <State good={up}>{up ? words.up : words.down}</State>;
  return (
    <Facts id="pbx" title={words.pbxTitle}>
      <Fact name={words.ari}>{link(pbx.ari)}</Fact>
      <Fact name={words.ami}>{link(pbx.ami)}</Fact>
      <Fact name={words.version}>{clean(pbx.version) || words.unknown}</Fact>
      <Fact name={words.lastEvent}>
        {last === null ? (
          words.never
        ) : (
          <time datetime={last} title={exact(last)}>
            {words.ago(lengthInWords(Math.max(0, second.value - Date.parse(last))))}
          </time>
        )}
      </Fact>
    </Facts>
  );
}

export function Recording({ s }: Props) {
  const { captures, preserve, test_call: test } = s;
  const late = captures.failed_lately;
  return (
    <Facts id="recording" title={words.recordingTitle}>
      <Fact name={words.captures}>
        {words.capturesText(count(captures.begun), count(captures.failed))}
        {late > 0 && (
          <>
            {' '}
            <State good={false}>{words.failedLately(late)}</State>
          </>
        )}
      </Fact>
      <Fact name={words.queue}>
        {preserve.waiting === 0 ? words.queueNone : words.queueText(preserve.waiting)}
        {preserve.oldest_ms !== null && `, ${words.queueOldest(lengthInWords(preserve.oldest_ms))}`}
      </Fact>
      <Fact name={words.testCall}>
        {test === null ? (
          words.testNone
        ) : (
          <>
            <TestOutcome outcome={test.outcome} /> <Moment at={test.at} /> {clean(test.message)}
          </>
        )}
      </Fact>
      <Fact name={t.vault.healthTitle}>
        <Sealed s={s} />
      </Fact>
    </Facts>
  );
}

function TestOutcome({ outcome }: { outcome: NonNullable<FullStatus['test_call']>['outcome'] }) {
  const said = words.testOutcomes[outcome];
  if (outcome === 'ok' || outcome === 'failed') return <State good={outcome === 'ok'}>{said}</State>;
  return <span>{said}</span>;
}

const YEAR_DAYS = 365;

/** That recordings are as they were sealed, and how that is known. */
function Sealed({ s }: Props) {
  const { scrub } = s;
  const said = t.vault;
  if (scrub === null) return <>{said.unknown}</>;
  if (scrub.recordings === 0) return <>{said.none}</>;
  const ago =
    scrub.oldest_check_at === null ? 0 : Math.max(0, second.value - Date.parse(scrub.oldest_check_at));
  const all = (scrub.in_time ? said.inTime : said.late)(count(scrub.recordings), scrub.within_days);
  const rest = [
    ago >= DAY_MS ? said.oldest(Math.floor(ago / DAY_MS)) : said.today,
    scrub.unsigned > 0 && said.unsignedCount(count(scrub.unsigned)),
    scrub.waits_for !== null && `${said.waits}: ${clean(scrub.waits_for)}`,
  ]
    .filter(Boolean)
    .join(' ');
  return (
    <>
      {scrub.damaged > 0 && (
        <div>
          <State good={false}>{said.damagedCount(count(scrub.damaged))}</State>
        </div>
      )}
      {scrub.in_time ? (
        `${all} ${rest}`
      ) : (
        <>
          <State good={false}>{all}</State>
          <div>{rest}</div>
        </>
      )}
    </>
  );
}

const DAY_MS = 86_400_000;

export function Machine({ s }: Props) {
  const { disk } = s;
  const left = disk?.days_left ?? null;
  return (
    <Facts id="machine" title={words.machineTitle}>
      <Fact name={words.disk}>
        {disk === null ? words.diskUnknown : words.diskText(size(disk.free_bytes), size(disk.total_bytes))}
        {left !== null && `; ${left > YEAR_DAYS ? words.diskLong : words.diskDays(count(Math.floor(left)))}`}
      </Fact>
      <Fact name={words.since}>{s.since === null ? words.unknown : <Moment at={s.since} />}</Fact>
      <Fact name={words.loop}>
        {s.event_loop_p99_ms === null ? words.unknown : words.ms(count(Math.ceil(s.event_loop_p99_ms)))}
      </Fact>
    </Facts>
  );
}

export function Blind({ windows }: { windows: FullStatus['blind'] }) {
  const columns = words.blindColumns;
  return (
    <section aria-labelledby="blind">
      <h2 id="blind">{words.blindTitle}</h2>
      {windows.length === 0 ? (
        <p class="quiet">{words.blindNone}</p>
      ) : (
        <>
          <p class="quiet">{words.blindIntro}</p>
          <table class="table">
            <TableHead columns={columns} />
            <tbody>
              {windows.map((w) => (
                <tr key={w.from}>
                  <td>
                    <Moment at={w.from} />
                  </td>
                  <td>
                    <span class="table-label">{columns.length}: </span>
                    {length((w.to === null ? second.value : Date.parse(w.to)) - Date.parse(w.from))}
                    {w.to === null && ` (${words.blindNow})`}
                  </td>
                  <td class="table-why">{clean(w.reason)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}
