import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { AlarmIcon, DownloadIcon } from '../kit/icons.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { dateAndClock } from '../messages/when.js';
import { type Certificate, certificatesApi } from '../state/api-certificates.js';
import { useView } from '../state/use-view.js';
import { CertificateItems } from './certificate-items.js';

/** One certificate of erasure with everything that it says, and its files. */
export function CertificatePage({ id }: { id: string }) {
  const { view, problem, load } = useView<Certificate>(() => certificatesApi.get(id));
  const [more, setMore] = useState<Certificate[]>([]);
  const [failed, setFailed] = useState<unknown>(null);
  const last = more.at(-1) ?? view;
  const next = (after: number) => {
    setFailed(null);
    certificatesApi.get(id, after).then((page) => setMore([...more, page]), setFailed);
  };
  return (
    <div class="sheet certificates">
      <header class="sheet-head">
        <p>
          <a href="/certificates">{t.certificates.back}</a>
        </p>
        <h1>{view ? <span translate={false}>{view.name}</span> : t.certificates.title}</h1>
        {view && <Answer view={view} />}
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!view && problem === null && <p class="quiet">{t.common.loading}</p>}
      {view && !view.valid && (
        <div class="note note-alarm">
          <AlarmIcon />
          <div>
            <p class="note-title">{t.certificates.invalid}</p>
            <p>{t.certificates.invalidHelp}</p>
          </div>
        </div>
      )}
      {view && <Facts view={view} />}
      {view && (
        <section aria-labelledby="certificate-recordings">
          <h2 id="certificate-recordings">{t.certificates.sections.recordings}</h2>
          <CertificateItems items={[view, ...more].flatMap((page) => page.recordings)} />
          {failed !== null && <ErrorNote problem={failed} />}
          {last?.next != null && (
            <p>
              <button type="button" class="button" onClick={() => next(last.next!)}>
                {t.certificates.more}
              </button>
            </p>
          )}
        </section>
      )}
    </div>
  );
}

function Answer({ view: { statement } }: { view: Certificate }) {
  return (
    <>
      <p class="answer">
        {t.certificates.answer({ n: statement.items.count, when: dateAndClock(statement.executed.to) })}
      </p>
      <p class="certificate-files">
        <a class="button" href={certificatesApi.pdf(statement.number)} download>
          <DownloadIcon />
          {t.certificates.pdf}
        </a>
        <a class="button" href={certificatesApi.file(statement.number)} download>
          <DownloadIcon />
          {t.certificates.json}
        </a>
      </p>
    </>
  );
}

function Facts({ view: { statement: s, valid } }: { view: Certificate }) {
  const words = t.certificates;
  const span = { from: dateAndClock(s.executed.from), to: dateAndClock(s.executed.to) };
  return (
    <>
      <Section name="request">
        <Fact name="kind">{words.kinds[s.erasure.kind]}</Fact>
        <Fact name="requested">{requester(s)}</Fact>
        <Fact name="approved">
          {s.erasure.approved_by === null ? words.nobody : <Verbatim text={s.erasure.approved_by.name} />}
        </Fact>
        {s.erasure.reference && (
          <Fact name="reference">
            <Verbatim text={s.erasure.reference} />
          </Fact>
        )}
        {s.erasure.reason && (
          <Fact name="reason">
            <Verbatim text={s.erasure.reason} />
          </Fact>
        )}
        <Fact name="executed">{words.span(span)}</Fact>
        <Fact name="issued">{dateAndClock(s.issued_at)}</Fact>
      </Section>
      <Section name="method">
        <Fact name="method">{words.method}</Fact>
        <Fact name="media">
          {words.media({ system: clean(s.media.file_system), device: words.devices[s.media.device]! })}
        </Fact>
        <Fact name="verification">{words.verification}</Fact>
        <Fact name="result">
          {s.verification.failed === 0 ? words.allGone : words.failed({ n: s.verification.failed })}
        </Fact>
        <Fact name="holds">{words.holds}</Fact>
      </Section>
      <section aria-labelledby="certificate-remains">
        <h2 id="certificate-remains">{words.sections.remains}</h2>
        <ul class="certificate-remains">
          <li>
            <Verbatim text={s.residuals.backups} />
          </li>
          <li>{words.copies}</li>
          <li>{words.left({ n: s.residuals.left })}</li>
        </ul>
      </section>
      <Section name="audit">
        <Fact name="entries">{words.entries(s.audit)}</Fact>
        <Fact name="log">
          <Code text={s.audit.log} />
        </Fact>
        <Fact name="chain">
          <Code text={s.audit.hash} />
        </Fact>
      </Section>
      <Section name="signature">
        <Fact name="valid">{valid ? words.yes : words.no}</Fact>
        <Fact name="key">
          <Code text={s.key.id} />
        </Fact>
        <Fact name="fingerprint">
          <Code text={s.key.sha256} />
        </Fact>
        <Fact name="made">
          <Verbatim text={`${s.tool.name} ${s.tool.version}, ${s.site.name}`} />
        </Fact>
      </Section>
    </>
  );
}

function requester({ erasure: { requested_by: by } }: Certificate['statement']): ComponentChildren {
  if (by === null) return t.certificates.notRecorded;
  if (by.actor === 'tapedeck') return t.certificates.byTapedeck;
  const name = clean(by.name);
  return <Verbatim text={by.actor === 'console' ? t.certificates.console({ name }) : name} />;
}

type SectionName = keyof typeof t.certificates.sections;

function Section({ name, children }: { name: SectionName; children: ComponentChildren }) {
  return (
    <section aria-labelledby={`certificate-${name}`}>
      <h2 id={`certificate-${name}`}>{t.certificates.sections[name]}</h2>
      <dl class="certificate-facts">{children}</dl>
    </section>
  );
}

function Fact({ name, children }: { name: keyof typeof t.certificates.facts; children: ComponentChildren }) {
  return (
    <div>
      <dt>{t.certificates.facts[name]}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const Code = ({ text }: { text: string }) => <code translate={false}>{clean(text)}</code>;
