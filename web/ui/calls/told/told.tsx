import type { ComponentChildren } from 'preact';
import { AlarmIcon, NoIcon, TickIcon, WaitIcon } from '../../kit/icons.js';
import { Sentence } from '../../kit/sentence.js';
import { PartyName, Verbatim } from '../../kit/verbatim.js';
import { wide } from '../../kit/wide.js';
import { t } from '../../messages/language.js';
import { clean } from '../../messages/numbers.js';
import { length } from '../../messages/when.js';
import { playable, player } from '../../player/player.js';
import type { CallDetail, Party } from '../../state/api.js';
import { type Listener, type Playing, type Told, type ToldEvent, toldEvents } from './events.js';
import { ToldWhy } from './why-so.js';

type Seek = ((ms: number) => void) | null;

/** How the people of a call were told that it is recorded, and what they answered; nothing where that was not decided. */
export function ToldSection({ call }: { call: CallDetail }) {
  const { told } = call;
  if (!told) return null;
  const Title = wide.value ? 'h3' : 'h2';
  const seek: Seek = playable(call)
    ? (ms) => {
        player.load(call);
        player.seek(Math.max(0, ms));
      }
    : null;
  const events = toldEvents(call, told);
  return (
    <section class="told" aria-labelledby="told-title">
      <Title id="told-title">{t.told.title}</Title>
      <Result call={call} told={told} />
      {events.length === 0 ? (
        <p class="quiet">{t.told.nothing}</p>
      ) : (
        <ol>
          {events.map((event) => (
            <li key={`${event.kind} ${event.at} ${keyOf(event)}`}>
              <Place ms={event.at} seek={seek} />
              <div>
                <Event event={event} call={call} seek={seek} />
              </div>
            </li>
          ))}
        </ol>
      )}
      <ToldWhy told={told} />
    </section>
  );
}

const keyOf = (event: ToldEvent): string | number =>
  event.kind === 'joined' ? (event.who.leg ?? '') : event.kind === 'answer' ? event.answer.kind : '';

/** To the tenth of a second: an announcement is short. Before the answer to the second. */
const precisely = (ms: number): string =>
  ms < 0
    ? length(ms)
    : t.told.tenth({
        length: length(Math.floor(ms / 1000) * 1000),
        tenth: Math.floor((ms % 1000) / 100),
      });

function Place({ ms, seek }: { ms: number; seek: Seek }) {
  if (!seek || ms < 0) return <span class="happened-at">{length(ms)}</span>;
  return (
    <button type="button" class="happened-at" onClick={() => seek(ms)}>
      {length(ms)}
    </button>
  );
}

/** Who was told, in one sentence, and what somebody should look at. */
function Result({ call, told }: { call: CallDetail; told: Told }) {
  const others = told.findings.filter((finding) => finding !== 'untold');
  const { tone, icon, words } = resultOf(call, told);
  const bad = others.length > 0;
  return (
    <div class={`note note-${bad ? 'warn' : tone}`}>
      {bad ? <AlarmIcon /> : icon}
      <div>
        <p class="note-title">{words}</p>
        {others.map((finding) => (
          <p key={finding}>{t.told.findings[finding]}</p>
        ))}
        {told.purpose === 'unsaid' && <p>{t.told.purposeUnsaid}</p>}
      </div>
    </div>
  );
}

function resultOf({ state, coverage }: CallDetail, told: Told) {
  const words = t.told.results;
  switch (told.result) {
    case 'all':
      return { tone: 'good', icon: <TickIcon />, words: words.all };
    case 'some':
      return { tone: 'warn', icon: <AlarmIcon />, words: <People of={words.some} all={told.untold} /> };
    case 'nobody':
      return { tone: 'warn', icon: <AlarmIcon />, words: words.nobody };
    case 'pending':
      return { tone: 'plain', icon: <WaitIcon />, words: state === 'ended' ? words.pending : words.live };
    case 'not_needed': {
      const unrecorded = ['excluded', 'declined', 'not_recorded', 'none'].includes(coverage.status);
      const why = told.mode === 'silent' ? words.silent : unrecorded ? words.unrecorded : words.alone;
      return { tone: 'plain', icon: <NoIcon />, words: why };
    }
  }
}

const NOBODY: Party = { number: '', name: '', ours: false };
/** A message about people, each by their name. Who is in it twice is named once. */
function People({ of, all }: { of: (names: { people: string[] }) => string; all: readonly Listener[] }) {
  const parties = new Map(all.map(({ party }) => [`${party?.number}\n${party?.name}`, party ?? NOBODY]));
  const parts = Object.fromEntries(
    [...parties].map(([key, party], i) => [`${i}`, <PartyName key={key} party={party} />]),
  );
  return <Sentence of={(marks) => of({ people: Object.values(marks) })} parts={parts} />;
}

function Event({ event, call, seek }: { event: ToldEvent; call: CallDetail; seek: Seek }) {
  switch (event.kind) {
    case 'played':
      return <Played playing={event.playing} call={call} seek={seek} />;
    case 'beeps':
      return <Beeps event={event} />;
    case 'joined': {
      const { who, toldAt } = event;
      return (
        <Sentence
          of={(marks) =>
            toldAt === null
              ? t.told.joined.untold(marks)
              : t.told.joined.told({ ...marks, at: length(toldAt) })
          }
          parts={{ who: <PartyName party={who.party ?? NOBODY} /> }}
        />
      );
    }
    case 'answer':
      return <Answer answer={event.answer} />;
  }
}

function Beeps({ event }: { event: Extract<ToldEvent, { kind: 'beeps' }> }) {
  const { n, heardBy, at, until } = event;
  return (
    <>
      <p>
        {event.whole && heardBy.length > 0 ? (
          <People of={({ people }) => t.told.beeps({ n, people })} all={heardBy} />
        ) : (
          t.told.beepsCut({ n })
        )}
      </p>
      <p class="quiet">{t.told.reported({ from: precisely(at), until: precisely(until) })}</p>
    </>
  );
}

function Played({ playing, call, seek }: { playing: Playing; call: CallDetail; seek: Seek }) {
  const { from_ms: from, until_ms: until } = playing;
  return (
    <>
      <p>
        <What playing={playing} />
      </p>
      {from !== null && (
        <p class="quiet">{t.told.reported({ from: precisely(from), until: precisely(until) })}</p>
      )}
      {playing.what === 'prompt' && playing.whole && <Found playing={playing} call={call} seek={seek} />}
    </>
  );
}

function What({ playing }: { playing: Playing }) {
  const { prompt, heard_by: heardBy, whole, failed } = playing;
  if (playing.what === 'dialplan') {
    const name = <Verbatim text={prompt.name} />;
    if (!whole || heardBy.length === 0) return <Sentence of={t.told.dialplanCut} parts={{ name }} />;
    const party = heardBy[0]?.party ?? NOBODY;
    return (
      <Sentence
        of={({ name, who }) => t.told.dialplan({ name, people: [who] })}
        parts={{ name, who: <PartyName party={party} /> }}
      />
    );
  }
  const language = t.telling.languages[prompt.language] ?? clean(prompt.language);
  if (whole && heardBy.length > 0) {
    const announced = t.told.announced[prompt.kind ?? 'announce'];
    return <People of={({ people }) => announced({ language, people })} all={heardBy} />;
  }
  if (whole) return t.told.unheard({ language });
  const what = playing.from_ms === null ? t.told.unplayed({ language }) : t.told.cut({ language });
  if (!failed?.reason) return what;
  return (
    <Sentence
      of={(marks) => t.told.because({ what, ...marks })}
      parts={{ reason: <Verbatim text={failed.reason.replace(/\.$/, '')} /> }}
    />
  );
}

/** What the sealed recording has of an announcement, which is not what the PBX says that it played. */
function Found({ playing: { found }, call, seek }: { playing: Playing; call: CallDetail; seek: Seek }) {
  if (found?.found) {
    const words = t.told.found[found.in]({
      from: precisely(found.from_ms),
      until: precisely(found.until_ms),
    });
    return (
      <Line tone="good" icon={<TickIcon />}>
        {seek ? (
          <button type="button" class="told-place" onClick={() => seek(found.from_ms)}>
            {words}
          </button>
        ) : (
          words
        )}
      </Line>
    );
  }
  if (found?.excused) return <p class="quiet">{t.told.excused}</p>;
  if (found)
    return (
      <Line tone="warn" icon={<AlarmIcon />}>
        {t.told.lacks}
      </Line>
    );
  return ['recorded', 'partial', 'pending'].includes(call.coverage.status) ? (
    <p class="quiet">{t.told.notLooked}</p>
  ) : null;
}

function Line({
  tone,
  icon,
  children,
}: {
  tone: string;
  icon: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <p class={`told-found told-${tone}`}>
      {icon}
      <span>{children}</span>
    </p>
  );
}

function Answer({ answer: { kind, key, how, who, by, stated } }: { answer: Told['answers'][number] }) {
  const words = t.told.answers[stated ? 'stated' : kind];
  const said = key ? (
    <Sentence of={words.key} parts={{ key: <Verbatim text={key} /> }} />
  ) : clean(who) ? (
    <Sentence of={words.who} parts={{ who: <Verbatim text={who} /> }} />
  ) : (
    words.plain
  );
  // Whose leg it was said on may be somebody else than the person who is named.
  const whose = clean(who) ? null : by?.party;
  return (
    <>
      <p>
        {whose ? (
          <Sentence
            of={(marks) => t.told.by({ ...marks })}
            parts={{ answer: said, who: <PartyName party={whose} /> }}
          />
        ) : (
          said
        )}
      </p>
      {!key && <p class="quiet">{t.told.ways[how]}</p>}
    </>
  );
}
