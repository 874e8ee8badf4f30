import { count, plural } from '../../locale.js';

const tokensEnded = (tokens: string[]): string =>
  tokens.length === 0 ? '' : `API tokens that no longer work: ${tokens.join(', ')}.`;

export const accountText = {
  title: 'Your account',
  menu: 'Your account',
  may: 'Your permissions',
  password: {
    title: 'Password',
    since: ({ when }: { when: string }) => `Last changed ${when}.`,
    none: 'You sign in without a Tapedeck password.',
    old: 'Old password',
    fresh: 'New password',
    change: 'Change password',
    busy: 'Changing…',
    help: ({ tokens }: { tokens: string[] }) =>
      tokens.length === 0
        ? 'Signs you out everywhere else.'
        : `Signs you out everywhere else and ends your API tokens: ${tokens.join(', ')}. Create new ones for the programs that use them.`,
    noOld: 'Enter your old password.',
    done: ({ n, tokens }: { n: number; tokens: string[] }) =>
      [
        'Your password is changed.',
        n === 0
          ? 'You had no other sessions.'
          : plural(n, { one: '1 other session ended.', other: `${count(n)} other sessions ended.` }),
        tokensEnded(tokens),
      ]
        .join(' ')
        .trim(),
  },
  measure: {
    start: 'Use 12 characters or more; 15 is better. A few unrelated words are strong and easy to remember.',
    short: ({ n }: { n: number }) => `${n} of 12 characters.`,
    enough: ({ n }: { n: number }) => `${n} characters: OK. 15 or more is better.`,
    good: ({ n }: { n: number }) => `${n} characters: good length.`,
    few: 'Made of very few different characters: easy to guess.',
    name: 'Contains the name: easy to guess.',
    tooShort: ({ n }: { n: number }) =>
      n === 0 ? 'Choose a password.' : `Use 12 characters or more; this has ${n}.`,
    label: 'Password length',
  },
  sessions: { title: 'Where you are signed in' },
  tokens: {
    title: 'API tokens',
    intro:
      'For programs that access Tapedeck on your behalf. A token has the permissions you choose, and never more than you have.',
    reference: 'API reference',
    none: 'No tokens.',
    add: 'Create token',
    name: 'Purpose',
    nameHelp: 'For example, “monitoring” or “nightly export”.',
    rights: 'Permissions',
    noRights:
      'You have no permissions that a token could use. Accounts that sign in through the identity provider cannot have tokens.',
    days: 'Expires after',
    dayWords: { 7: '7 days', 30: '30 days', 90: '90 days', 365: '1 year' } as Record<number, string>,
    make: 'Create this token',
    busy: 'Creating…',
    noName: 'Enter a purpose.',
    noRight: 'Choose at least one permission.',
    made: 'Your new token. It is shown only now',
    madeHelp: 'Keep it like a password. Send it as “Authorization: Bearer …”.',
    label: 'Token',
    words: {
      oversee: 'Read health, metrics, coverage, policy and retention',
      audit: 'Read the audit log',
      view: 'List calls',
      play: 'Play recordings',
      download: 'Download recordings',
      export: 'Export calls',
      direct: 'Mask, keep or decline calls in progress',
    } as Record<string, string>,
    until: ({ when }: { when: string }) => `until ${when}`,
    over: ({ when }: { when: string }) => `ended ${when}`,
    used: ({ when, from }: { when: string; from: string }) => `last used ${when} from ${from}`,
    unused: 'never used',
    revoke: 'Revoke',
    revokeThat: ({ name }: { name: string }) => `Revoke ${name}`,
    revoked: ({ name }: { name: string }) => `${name} is revoked.`,
  },
};

export const welcomeText = {
  title: 'Choose your password',
  hello: ({ name }: { name: string }) =>
    `Welcome, ${name}. You will sign in with this name and the password you choose now.`,
  code: 'Code from your link',
  codeHelp: 'The part of the link after the #. It works once.',
  noCode: 'Enter the code.',
  look: 'Continue',
  password: 'Password',
  save: 'Set password',
  busy: 'Setting password…',
  doneTitle: 'Your password is set',
  done: ({ name, tokens }: { name: string; tokens: string[] }) =>
    `Sign in as ${name}. ${tokensEnded(tokens)}`.trim(),
  signIn: 'Go to sign in',
};
