import type { ComponentChildren } from 'preact';
import { AlarmIcon, TickIcon } from '../kit/icons.js';
import { Moment } from '../kit/moment.js';
import { TableHead } from '../kit/table-head.js';
import { TableLabel } from '../kit/table-label.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { exact, length, lengthInWords, size } from '../messages/when.js';
import type { FullStatus } from '../state/api.js';
import { second } from '../state/live.js';
import { pbxName, severalPbxes } from '../state/pbxes.js';

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

type PbxStatus = FullStatus['pbxes'][number];

/** `several`: it is one of several, and its name says which. */
export function Pbx({ pbx, several }: { pbx: PbxStatus; several: boolean }) {
  const { last_event_at: last, captures, test_call: test } = pbx;
  const link = (up: boolean) => <State good={up}>{up ? t.health.up : t.health.down}</State>;
  const late = captures.failed_lately;
  return (
    <Facts id={`pbx-${pbx.id}`} title={several ? t.health.pbxNamed({ name: pbx.name }) : t.health.pbxTitle}>
      <Fact name={t.health.ari}>{link(pbx.ari)}</Fact>
      <Fact name={t.health.ami}>{link(pbx.ami)}</Fact>
      <Fact name={t.health.version}>
        {clean(pbx.version) ? <Verbatim text={pbx.version} /> : t.health.unknown}
      </Fact>
      <Fact name={t.health.lastEvent}>
        {last === null ? (
          t.health.never
        ) : (
          <time datetime={last} title={exact(last)}>
            {t.health.ago({ length: lengthInWords(Math.max(0, second.value - Date.parse(last))) })}
          </time>
        )}
      </Fact>
      <Fact name={t.health.captures}>
        {t.health.capturesText(captures)}
        {late > 0 && (
          <>
            {' '}
            <State good={false}>{t.health.failedLately({ n: late })}</State>
          </>
        )}
      </Fact>
      <Fact name={t.health.testCall}>
        {test === null ? (
          t.health.testNone
        ) : (
          <>
            <TestOutcome outcome={test.outcome} /> <Moment at={test.at} />
            {clean(test.message) && (
              <div>
                <Verbatim text={test.message} />
              </div>
            )}
          </>
        )}
      </Fact>
    </Facts>
  );
}

/** `check`: what can be done for the recordings, and what came of it. */
export function Recording({
  s,
  check,
  children,
}: Props & { check: ComponentChildren; children: ComponentChildren }) {
  const { preserve } = s;
  return (
    <Facts id="recording" title={t.health.recordingTitle}>
      <Fact name={t.health.queue}>
        {preserve.waiting === 0
          ? t.health.queueNone
          : t.health.queueText({
              n: preserve.waiting,
              oldest: preserve.oldest_ms === null ? null : lengthInWords(preserve.oldest_ms),
            })}
      </Fact>
      {s.processor !== null && (
        <Fact name={t.health.processor}>
          <Processor processor={s.processor} />
        </Fact>
      )}
      {s.encoder !== null && <Fact name={t.health.encoder}>{t.health.encoders[s.encoder]}</Fact>}
      <Fact name={t.vault.healthTitle}>
        <Sealed s={s} />
        {check}
      </Fact>
      {children}
    </Facts>
  );
}

/** Whether calls leave processor time for recordings, and which wait for it. */
function Processor({ processor }: { processor: NonNullable<FullStatus['processor']> }) {
  const { known, short, waiting, oldest_at: oldest } = processor;
  const said = t.health;
  if (waiting === 0 || oldest === null) {
    if (!known) return <>{said.processorUnknown}</>;
    return <>{short ? said.processorShort : said.processorEnough}</>;
  }
  return (
    <>
      {said.processorWaiting({ n: waiting })} <Moment at={oldest} />
      <div>{said.processorHint}</div>
    </>
  );
}

function TestOutcome({ outcome }: { outcome: NonNullable<PbxStatus['test_call']>['outcome'] }) {
  const said = t.health.testOutcomes[outcome];
  if (outcome === 'ok' || outcome === 'failed') return <State good={outcome === 'ok'}>{said}</State>;
  return <span>{said}</span>;
}

/** That recordings are as they were sealed, and how that is known. */
function Sealed({ s }: Props) {
  const { scrub } = s;
  const said = t.vault;
  if (scrub === null) return <>{said.unknown}</>;
  if (scrub.recordings === 0) return <>{said.none}</>;
  const ago =
    scrub.oldest_check_at === null ? 0 : Math.max(0, second.value - Date.parse(scrub.oldest_check_at));
  const all = (scrub.in_time ? said.inTime : said.late)({ n: scrub.recordings, days: scrub.within_days });
  const rest = [
    ago >= DAY_MS ? said.oldest({ days: Math.floor(ago / DAY_MS) }) : said.today,
    scrub.unsigned > 0 && said.unsignedCount({ n: scrub.unsigned }),
    scrub.waits_for !== null && said.waits({ what: clean(scrub.waits_for) }),
  ]
    .filter(Boolean)
    .join(' ');
  return (
    <>
      {scrub.damaged > 0 && (
        <div>
          <State good={false}>{said.damagedCount({ n: scrub.damaged })}</State>
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

const held = ({ recordings, bytes }: { recordings: number; bytes: number }) =>
  t.health.held({ recordings, size: size(bytes) });

/** When it was last done, how long ago that was, and whether it should have been done since. */
function Backups({ backups }: { backups: NonNullable<FullStatus['backups']> }) {
  const days = (at: string) => Math.floor((second.value - Date.parse(at)) / DAY_MS);
  return (
    <>
      {(['made', 'checked', 'drilled'] as const).map((what) => {
        const at = backups[`${what}_at`];
        return (
          <Fact key={what} name={t.health.backups[what]}>
            {at === null ? t.health.backupNever : <Moment at={at} />}
            {at !== null && days(at) > 0 && ` ${t.health.backupAge({ days: days(at) })}`}
            {backups.late.includes(what) && (
              <div>
                <State good={false}>{t.health.backupLate}</State>
              </div>
            )}
          </Fact>
        );
      })}
    </>
  );
}

export function Machine({ s }: Props) {
  const { disk } = s;
  const left = disk?.days_left ?? null;
  return (
    <Facts id="machine" title={t.health.machineTitle}>
      <Fact name={t.health.disk}>
        {disk === null
          ? t.health.diskUnknown
          : t.health.diskText({
              free: size(disk.free_bytes),
              total: size(disk.total_bytes),
              days: left === null ? null : Math.floor(left),
            })}
      </Fact>
      <Fact name={t.health.hot}>{held(s.stored)}</Fact>
      {s.archive && (
        <Fact name={t.health.archive}>
          {t.health.archiveText({
            held: held(s.archive.archive),
            free:
              s.archive.problem !== null || s.archive.free_bytes === null ? null : size(s.archive.free_bytes),
          })}
          {s.archive.problem !== null && (
            <div>
              <State good={false}>
                <Verbatim text={clean(s.archive.problem)} />
              </State>
            </div>
          )}
          {s.archive.to_remove > 0 && <div>{t.health.archiveLeft(s.archive.to_remove)}</div>}
        </Fact>
      )}
      {s.backups && <Backups backups={s.backups} />}
      <Fact name={t.health.since}>{s.since === null ? t.health.unknown : <Moment at={s.since} />}</Fact>
      <Fact name={t.health.loop}>
        {s.event_loop_p99_ms === null ? t.health.unknown : t.health.ms({ n: Math.ceil(s.event_loop_p99_ms) })}
      </Fact>
    </Facts>
  );
}

export function Blind({ windows }: { windows: FullStatus['blind'] }) {
  const columns = t.health.blindColumns;
  return (
    <section aria-labelledby="blind">
      <h2 id="blind">{t.health.blindTitle}</h2>
      {windows.length === 0 ? (
        <p class="quiet">{t.health.blindNone}</p>
      ) : (
        <>
          <p class="quiet">{t.health.blindIntro}</p>
          <table class="table">
            <TableHead columns={columns} />
            <tbody>
              {windows.map((w) => (
                <tr key={`${w.pbx} ${w.from}`}>
                  <td>
                    <Moment at={w.from} />
                    {severalPbxes() && <div class="quiet">{clean(pbxName(w.pbx))}</div>}
                  </td>
                  <td>
                    <TableLabel name={columns.length} />
                    <GapLength gap={w} />
                  </td>
                  <td class="table-why" translate={false}>
                    {clean(w.reason)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}

function GapLength({ gap: { from, to } }: { gap: FullStatus['blind'][number] }) {
  const long = length((to === null ? second.value : Date.parse(to)) - Date.parse(from));
  return <>{to === null ? t.health.blindNow({ length: long }) : long}</>;
}
