import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { Badge } from '../kit/badge.js';
import { DownloadLink } from '../kit/download-link.js';
import { ErrorNote } from '../kit/error-note.js';
import { DownloadIcon, LeftIcon, PauseIcon, PlayIcon } from '../kit/icons.js';
import { Moment } from '../kit/moment.js';
import { Sentence } from '../kit/sentence.js';
import { OnPbx, PartyName, Verbatim } from '../kit/verbatim.js';
import { wide } from '../kit/wide.js';
import { t } from '../messages/language.js';
import { clean, readable } from '../messages/numbers.js';
import { nameOf, numberBeside } from '../messages/people.js';
import { length } from '../messages/when.js';
import { playable, player } from '../player/player.js';
import { EraseButton } from '../retention/erase-button.js';
import { ApiError, api, type CallDetail } from '../state/api.js';
import { follows } from '../state/live.js';
import { mayDo } from '../state/rights.js';
import { session } from '../state/session.js';
import { useView } from '../state/use-view.js';
import { Consultations } from './consultations.js';
import { Controls } from './controls.js';
import { Details } from './details.js';
import { EarlierVersions } from './earlier.js';
import { EvidenceButton } from './evidence.js';
import { Heard } from './heard.js';
import { DirectionIcon, Running } from './list/call-row.js';
import { RedactButton, RedactedNote } from './redact.js';
import { Damage, HeldNote, ImportedNote, Seal } from './seal.js';
import { Story } from './story.js';
import { ToldSection } from './told/told.js';
import { Why } from './why.js';

type Props = { id: string; address: (id: string | null) => string };

/** One call; `address` is that of another, or of the list. */
export function CallPage({ id, address }: Props) {
  const {
    view: c,
    problem,
    load,
  } = useView((shown: CallDetail | null) => api.call(id, shown !== null), follows.value);
  // What plays is not interrupted by another call that is looked at.
  useLayoutEffect(() => {
    if (c && playable(c) && (!player.playing.value || player.call.value?.id === c.id)) player.load(c);
  }, [c]);

  const title = c && t.call.title({ who: nameOf(c.them) });
  useEffect(() => {
    if (!title) return;
    document.title = t.title({ page: title, site: session.value?.site.name ?? '' });
    if (wide.value) announce(title);
  }, [title]);
  return (
    <article class="call-pane" aria-labelledby="call-title">
      {!wide.value && (
        <p class="call-back">
          <a href={address(null)}>
            <LeftIcon />
            {t.call.back}
          </a>
        </p>
      )}
      {problem !== null && (
        <ErrorNote
          problem={problem}
          {...(problem instanceof ApiError && problem.status === 404 ? {} : { retry: load })}
        />
      )}
      {!c && problem === null && <p class="list-wait">{t.common.loading}</p>}
      {c && (
        <>
          <CallHead call={c} done={load} />
          <Damage call={c} />
          <HeldNote call={c} />
          <Why call={c} />
          <ImportedNote call={c} />
          <Controls call={c} done={load} />
          <Heard call={c} />
          <Consultations call={c} address={address} />
          <Story call={c} />
          <ToldSection call={c} />
          <Seal call={c} />
          <RedactedNote call={c} />
          <EarlierVersions call={c} />
          <Details call={c} />
          {c.recording && mayDo('audit') && (
            <p class="call-audit">
              <a href={`/audit?call=${encodeURIComponent(c.id)}&action=hearing`}>{t.call.whoHeard}</a>
            </p>
          )}
        </>
      )}
    </article>
  );
}

/** Who spoke with whom and when, in one line. */
function CallHead({ call, done }: { call: CallDetail; done: () => void }) {
  const Title = wide.value ? 'h2' : 'h1';
  const title = useRef<HTMLHeadingElement>(null);
  // On a narrow screen the call takes the list's place, so focus moves to it.
  useLayoutEffect(() => {
    if (!wide.value) title.current?.focus();
  }, []);
  const number = numberBeside(call.them);
  const can = playable(call);
  const current = player.call.value?.id === call.id;
  const going = current && player.playing.value;
  return (
    <header class="call-head">
      <Title id="call-title" class="call-title" ref={title} tabIndex={-1}>
        <DirectionIcon call={call} />
        <span>
          <Sentence
            of={t.call.sentence[call.direction]}
            parts={{
              them: (
                <>
                  <PartyName party={call.them} />
                  {number && (
                    <bdi class="call-number" translate={false}>
                      {number}
                    </bdi>
                  )}
                </>
              ),
              us: <PartyName party={call.us} />,
            }}
            between="call-verb"
          />
        </span>
      </Title>
      <p class="call-facts">
        <Badge call={call} />
        <Moment at={call.started_at} />
        {call.state === 'live' ? (
          <Running since={call.answered_at ?? call.started_at} />
        ) : (
          call.talk_ms !== null && <span>{t.call.lasted({ length: length(call.talk_ms) })}</span>
        )}
        <OnPbx id={call.pbx} />
        {call.did && (
          <span>
            <Sentence
              of={t.call.did}
              parts={{
                number: (
                  <bdi title={clean(call.did)} translate={false}>
                    {readable(clean(call.did))}
                  </bdi>
                ),
              }}
            />
          </span>
        )}
        {call.queue && (
          <span>
            <Sentence of={t.call.queue} parts={{ queue: <Verbatim text={call.queue} /> }} />
          </span>
        )}
      </p>
      {can && (
        <p class="call-acts">
          <button
            type="button"
            class="button button-main"
            data-play
            disabled={!player.canPlay}
            aria-describedby={player.canPlay ? undefined : 'cannot-play'}
            onClick={() => {
              if (going) return player.pause();
              player.load(call);
              player.play();
            }}
          >
            {going ? <PauseIcon /> : <PlayIcon />}
            {going ? t.call.pause : t.call.play}
          </button>
          <DownloadLink call={call} class="button">
            <DownloadIcon />
            {t.call.download}
          </DownloadLink>
          <EvidenceButton call={call} />
          <RedactButton call={call} />
          <EraseButton call={call} done={done} />
        </p>
      )}
      {can && !player.canPlay && (
        <p id="cannot-play" class="note">
          {call.you.rights.includes('download') ? t.player.unsupportedDownload : t.player.unsupported}
        </p>
      )}
    </header>
  );
}
