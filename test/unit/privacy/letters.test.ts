import t from 'tap';
import { cleanLetter, letterFacts, letterFor } from '../../../daemon/domain/privacy/letter-facts.js';
import {
  filledLetter,
  LETTERS,
  letterFault,
  letterKinds,
  lettersFor,
} from '../../../daemon/domain/privacy/letters.js';
import { type PrivacyRequest, privacyKinds, refusalGrounds } from '../../../daemon/domain/privacy/request.js';
import { aPrivacyRequest } from '../../support/catalogue/privacy-request.js';

const organisation = { recipients: 'Backup Ltd', transfers: '' };
const given = { grounds: [], site: 'Bakery', now: Date.UTC(2026, 4, 20), organisation };
const aRequest = (more: Partial<PrivacyRequest> = {}): PrivacyRequest => ({
  ...aPrivacyRequest('P1', { from: null }),
  ...{ number: 3, confirmed: null, state: 'open', extended: null, closed: null, forgottenAt: null, ...more },
});

t.test(
  'every letter is filled in, whatever was asked, and names the deadline and the right to complain',
  async (t) => {
    for (const kind of privacyKinds)
      for (const letter of lettersFor(kind)) {
        const text = letterFor(aRequest({ kind }), letter, { ...given, grounds: refusalGrounds });
        t.notMatch(text, /[{}]|undefined/, `${kind}, ${letter}`);
        t.match(
          text,
          /^Ann Example\nann@example\.org\n\n20 May 2026\n\nYour request of 3 May 2026 \(request 3\)/,
        );
        t.match(text, /complaint with (a data protection|the California)/);
      }
    for (const letter of letterKinds) t.equal(letterFault(LETTERS[letter]), null);
    t.match(
      letterFor(aRequest(), 'extension', given),
      /answer it by 3 June 2026[\s\S]*answer by 3 August 2026\./,
    );
    t.match(
      letterFor(aRequest({ kind: 'know' }), 'extension', given),
      /answer it by 17 June 2026[\s\S]*answer by 1 August 2026\./,
    );
  },
);

t.test('a letter answers only what was asked for', async (t) => {
  const always = ['refusal', 'extension', 'receipt'];
  t.strictSame(lettersFor('access'), ['access', ...always]);
  t.strictSame(lettersFor('delete'), ['erasure', ...always]);
  t.strictSame(lettersFor('objection'), ['access', 'erasure', ...always]);
  for (const kind of ['rectification', 'correct'] as const)
    t.strictSame(lettersFor(kind), ['rectification', ...always]);
  t.strictSame(lettersFor('restriction'), ['restriction', ...always]);
  t.strictSame(lettersFor('portability'), ['portability', ...always]);
});

t.test('reasons are those for the person, and there is a place for one that nobody has given', async (t) => {
  const refused = (request: PrivacyRequest, grounds: typeof refusalGrounds | string[] = []) =>
    letterFor(request, 'refusal', { ...given, grounds: grounds as typeof refusalGrounds });
  t.match(
    refused(aRequest({ kind: 'erasure' }), ['legal_hold', 'minimum']),
    /17\(3\)\(e\)[\s\S]*17\(3\)\(b\)/,
  );
  t.match(refused(aRequest({ kind: 'delete' }), ['legal_hold']), /1798\.145\(a\)/);
  t.match(refused(aRequest()), '[Write the reason here.]');
  const extended = aRequest({ extended: { by: 'Eve', at: 5, reason: 'Many calls' }, state: 'extended' });
  t.match(letterFor(extended, 'extension', given), /\n- Many calls\n/);
});

t.test('an answer names recipients and source, as GDPR article 15(1)(c) and (g) ask', async (t) => {
  const text = letterFor(aRequest(), 'access', given);
  t.match(text, /Who has received your data[^\n]* people of Bakery[^\n]*: Backup Ltd\n/);
  t.match(text, /Transfers to other countries: \[name/, 'what nobody entered is asked for');
  t.match(text, /Where your data comes from: the sound from the calls/);
  const employee = aRequest({ numbers: ['030 1234567', 'ext. 201'] });
  t.match(letterFor(employee, 'access', given), /calls with the number 030 1234567 and the extension 201,/);
});

t.test('what somebody is called is no template, and no control character reaches a letter', async (t) => {
  const facts = letterFacts(aRequest({ name: 'Ann {site}', contact: '' }), given);
  t.equal(
    filledLetter('{name}\n{contact}\n\n\nof {site}, {strange}', facts),
    'Ann {site}\n\nof Bakery, {strange}',
  );
  t.match(letterFault('Dear {nmae}'), /^\{nmae\} stands for nothing/);
  t.equal(letterFault(' \n'), 'The letter is empty.');
  t.equal(cleanLetter('Dear\u0007 Ann\u202e\r\n\r\n\r\nBye\ud800'), 'Dear  Ann \n\nBye\ufffd');
});
