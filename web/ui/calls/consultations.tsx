import { Sentence } from '../kit/sentence.js';
import { PartyName } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { length } from '../messages/when.js';
import type { CallDetail } from '../state/api.js';

type Props = { call: CallDetail; address: (id: string) => string };

/** From a consultation to the call that it was for, and from a call to its consultations. */
export function Consultations({ call, address }: Props) {
  const { consult_for: main, consultations } = call;
  const zero = Date.parse(call.answered_at ?? call.started_at);
  if (main === null && consultations.length === 0) return null;
  return (
    <div class="call-links">
      {main !== null && (
        <p>
          {t.call.consultation} <a href={address(main)}>{t.call.toMain}</a>
        </p>
      )}
      {consultations.length > 0 && (
        <>
          <p id="consultations">{t.call.consultations}</p>
          <ul aria-labelledby="consultations">
            {consultations.map((c) => (
              <li key={c.id}>
                <Sentence
                  of={({ call }) =>
                    t.call.consultationAt({ call, at: length(Date.parse(c.started_at) - zero) })
                  }
                  parts={{
                    call: (
                      <a href={address(c.id)}>
                        <Sentence
                          of={t.call.sentence[c.direction]}
                          parts={{
                            them: <PartyName party={c.them} title={false} />,
                            us: <PartyName party={c.us} title={false} />,
                          }}
                        />
                      </a>
                    ),
                  }}
                />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
