import { badgeText, callsText, callText, keysText, playerText } from './en-calls.js';
import { policyText } from './en-policy.js';
import { retentionText } from './en-retention.js';

const plural = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** Every string of the desk, in English. */
export const t = {
  product: 'Tapedeck',
  title: (page: string, site: string) => [page, site, 'Tapedeck'].filter(Boolean).join(' · '),
  skip: 'Skip to the content',
  nav: { label: 'Main', calls: 'Calls', policy: 'Policy', retention: 'Retention' },
  when: {
    today: 'Today',
    yesterday: 'Yesterday',
    now: 'just now',
    minutesAgo: (n: number) => `${n} min ago`,
    hours: (n: number) => plural(n, 'hour'),
    minutes: (n: number) => plural(n, 'minute'),
    seconds: (n: number) => plural(n, 'second'),
    forEver: 'for ever',
    zone: (zone: string) => `Times are in ${zone}.`,
  },
  common: {
    loading: 'Loading…',
    cancel: 'Cancel',
    close: 'Close',
    retry: 'Try again',
    page404: 'There is nothing at this address',
    back404: 'Go to the calls',
    requestId: (id: string) => `Request ${id}`,
    faults: (n: number) => `${plural(n, 'thing')} to correct`,
  },
  errors: {
    unreachable: 'The dashboard server does not answer.',
    unreachableHint:
      'Check your network. If others have the same trouble, tell whoever runs Tapedeck. Recording goes on without this page.',
    unexpected: 'The server gave an answer that this page does not understand.',
    unexpectedHint: 'Reload the page; if it stays, the server may be of another version.',
  },
  status: {
    label: 'Status',
    checking: 'Checking…',
    connected: 'Connected',
    recording: (n: number) => `${n} recording`,
    calls: (n: number) => plural(n, 'call'),
    preserving: (n: number) => `${n} being made`,
    problem: 'Problem',
    lost: 'Reconnecting…',
    lostText: 'This page has lost the server and shows what it last knew.',
    lostHint: 'It tries again by itself.',
    down: 'The recorder is not running: new calls are not recorded.',
    downHint:
      'Start it on the recorder with “systemctl start tapedeck”. Calls already sealed can still be heard.',
    pbxLost: 'The PBX does not answer: new calls may not be recorded.',
    pbxLostHint:
      'Check that Asterisk runs and that http.conf and manager.conf listen where tapedeck.toml says.',
    version: (v: string) => `Connected to Asterisk ${v}`,
  },
  menu: {
    theme: 'Appearance',
    themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
    signedInAs: 'Signed in as',
    signOut: 'Sign out',
    keys: 'Keys',
    user: (name: string) => `Menu of ${name}`,
    about: (v: string) => `Tapedeck ${v}`,
  },
  signIn: {
    title: 'Sign in',
    name: 'Name',
    password: 'Password',
    button: 'Sign in',
    busy: 'Signing in…',
    interrupted: 'Your session has ended. Sign in to go on where you were; nothing you typed is lost.',
    noName: 'Enter your name.',
    noPassword: 'Enter your password.',
    show: 'Show',
    hide: 'Hide',
    showPassword: 'Show the password',
    hidePassword: 'Hide the password',
  },
  setUp: {
    title: 'Set up Tapedeck',
    intro: 'Nobody can sign in yet. Make the first account; it can do everything.',
    code: 'Set-up code',
    codeHelp:
      'The dashboard printed it on its console when it started (with systemd: “journalctl -u tapedeck-web”). It works once.',
    name: 'Your name',
    nameHelp: 'You sign in with it, and the audit log shows it.',
    password: 'Password',
    passwordHelp:
      '12 characters or more. Four unrelated words are strong and easy to keep in mind; do not reuse one.',
    button: 'Make the account and sign in',
    busy: 'Making the account…',
    noCode: 'Enter the code from the console.',
    noName: 'Choose a name.',
    shortPassword: (n: number) => `Use 12 characters or more; this has ${n}.`,
    namePassword: 'The password must not contain your name.',
  },
  calls: callsText,
  badge: badgeText,
  call: callText,
  player: playerText,
  keys: keysText,
  policy: policyText,
  retention: retentionText,
};
