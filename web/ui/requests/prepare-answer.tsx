import { useEffect, useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { Dialog, DialogActs } from '../kit/dialog.js';
import { save } from '../kit/download-link.js';
import { ErrorNote } from '../kit/error-note.js';
import { Lines } from '../kit/field.js';
import { Select } from '../kit/select.js';
import { useSending } from '../kit/use-form.js';
import { t } from '../messages/language.js';
import { type Letter, type LetterText, type PrivacyRequest, requestsApi } from '../state/api-requests.js';
import { type Ground, Grounds } from './grounds.js';

/** Has the answer to a request made, with a letter that can be changed before. */
export function PrepareAnswer({ request }: { request: PrivacyRequest }) {
  const [asking, setAsking] = useState(false);
  const { answer: a } = t.requests;
  return (
    <>
      <button type="button" class="button" onClick={() => setAsking(true)}>
        {a.button}
      </button>
      {asking && (
        <Dialog title={a.title} onClose={() => setAsking(false)}>
          <Preparing request={request} close={() => setAsking(false)} />
        </Dialog>
      )}
    </>
  );
}

function Preparing({ request, close }: { request: PrivacyRequest; close: () => void }) {
  const { answer: a } = t.requests;
  const [letter, setLetter] = useState<Letter>(request.letters[0] ?? 'refusal');
  const [grounds, setGrounds] = useState<readonly Ground[]>([]);
  const [filled, setFilled] = useState<(LetterText & { of: string }) | null>(null);
  const [text, setText] = useState('');
  const [unfilled, setUnfilled] = useState<unknown>(null);
  const { busy, problem, send } = useSending();
  const reasoned = letter === 'refusal' || letter === 'extension';
  // Until the letter that was chosen is there, the field has the one before it, which must not be sent as this one.
  const wanted = [letter, ...(reasoned ? grounds : [])].join();
  useEffect(() => {
    let current = true;
    setUnfilled(null);
    requestsApi.letter(request.id, letter, reasoned ? grounds : []).then(
      (made) => {
        if (!current) return;
        setFilled({ ...made, of: wanted });
        setText(made.text);
      },
      (cause) => current && setUnfilled(cause),
    );
    return () => {
      current = false;
    };
  }, [letter, grounds]);
  const act = () =>
    send(async () => {
      const { file, name } = await requestsApi.bundle(request.id, letter, text);
      save(file, name);
      announce(a.done);
      close();
    });
  const choices = request.letters.map((one): [Letter, string] => [one, a.letters[one]]);
  const holds = filled?.holds;
  return (
    <div class="dialog-body">
      <p>{a.what}</p>
      <Select {...{ id: 'answer-letter', label: a.letter, value: letter, choose: setLetter, choices }} />
      {letter === 'refusal' && <Grounds {...{ legend: a.grounds, grounds, choose: setGrounds }} />}
      <Lines
        {...{ id: 'answer-text', label: a.text, help: a.textHelp, value: text, onInput: setText }}
        waiting={filled?.of !== wanted && unfilled === null}
      />
      {holds && <p class="quiet">{holds.sound ? a.withSound : holds.list ? a.withList : a.letterOnly}</p>}
      {(problem ?? unfilled) !== null && <ErrorNote problem={problem ?? unfilled} />}
      <DialogActs
        {...{ busy, send: busy ? a.busy : a.send, act, cancel: close }}
        ready={filled?.of === wanted && text.trim() !== ''}
      />
    </div>
  );
}
