import { count, plural } from '../locale.js';
import { badgeText, callsText, callText, heldText, keysText, playerText } from './calls.js';
import { errorText } from './errors.js';
import { evidenceText } from './evidence.js';
import { accountText, welcomeText } from './people/account.js';
import { qualityText } from './quality.js';
import { redactText } from './redact.js';
import { eraseText } from './retention/erase.js';
import { rightsText } from './rights.js';
import { factorText } from './sign-in.js';
import { tellingText } from './telling.js';
import { toldText } from './told.js';
import { vaultText } from './vault.js';

/** The messages of the sign-in page, of what is around every page, and of the calls, in English. */
export const messages = {
  title: ({ page, site }: { page: string; site: string }) =>
    [page, site, 'Tapedeck'].filter(Boolean).join(' · '),
  skip: 'Skip to the content',
  nav: {
    label: 'Main',
    menu: 'Menu',
    groups: { work: 'Work', assurance: 'Assurance', administration: 'Administration' },
    pages: {
      calls: 'Calls',
      coverage: 'Coverage',
      consent: 'Consent',
      quality: 'Quality',
      policy: 'Policy',
      lists: 'Number lists',
      consents: 'Consents',
      telling: 'Telling callers',
      retention: 'Retention',
      approvals: 'Approvals',
      holds: 'Legal holds',
      requests: 'Requests',
      health: 'Health',
      people: 'People',
      reports: 'Reports',
      audit: 'Audit log',
    } as Record<string, string>,
    /** In the title of the window, where it is not the same. */
    titles: {
      consents: 'Consents and objections',
      certificates: 'Erasure certificates',
      account: 'Your account',
      reference: 'API reference',
    } as Record<string, string>,
  },
  when: {
    today: 'Today',
    yesterday: 'Yesterday',
    now: 'just now',
    todayAt: ({ clock }: { clock: string }) => `today ${clock}`,
    yesterdayAt: ({ clock }: { clock: string }) => `yesterday ${clock}`,
    minutesAgo: ({ n }: { n: number }) => `${n} min ago`,
    size: {
      bytes: ({ n }: { n: number }) => plural(n, { one: '1 byte', other: `${n} bytes` }),
      KB: ({ n }: { n: number }) => `${count(n)} KB`,
      MB: ({ n }: { n: number }) => `${count(n)} MB`,
      GB: ({ n }: { n: number }) => `${count(n)} GB`,
      TB: ({ n }: { n: number }) => `${count(n)} TB`,
    },
    forEver: 'forever',
    zone: ({ zone }: { zone: string }) => `Times are in ${zone}.`,
  },
  common: {
    loading: 'Loading…',
    cancel: 'Cancel',
    close: 'Close',
    retry: 'Try again',
    reload: 'Reload the page',
    page404: 'Page not found',
    back404: 'Go to calls',
    requestId: ({ id }: { id: string }) => `Request ${id}`,
    faults: ({ n }: { n: number }) =>
      plural(n, { one: '1 problem to correct', other: `${count(n)} problems to correct` }),
    /** Before what it names. */
    label: ({ name }: { name: string }) => `${name}:`,
    /** An extension, queue or number, and the PBX that it is on. */
    onPbx: ({ name, pbx }: { name: string; pbx: string }) => `${name} (${pbx})`,
    /** Where there are several PBXs; `pbx` is the id of one, `first` the name of the first. */
    placesHelp: ({ pbx, first }: { pbx: string; first: string }) =>
      `A number or name alone is one of ${first}; write ${pbx}/101 for one of another PBX.`,
    pbx: 'PBX',
    allPbxes: 'All PBXs',
    /** A rule, and why it is there. */
    because: ({ rule, reason }: { rule: string; reason: string }) => `${rule}: ${reason}`,
  },
  errors: errorText,
  waiting: {
    title: 'Waiting for the recorder',
    admins: ({ hint }: { hint: string }) => `For admins: ${hint}`,
    again: 'This page tries again every few seconds. You do not have to reload it.',
    upgrade: {
      title: 'Upgrade in progress',
      recording: 'Calls are being recorded. Recordings can be played when the upgrade is finished.',
      phases: {
        copy: 'Copying the catalogue and the keys',
        migrate: 'Converting the catalogue',
        finish: 'Adding the calls recorded meanwhile',
      },
      percent: ({ percent }: { percent: number }) => `${count(percent)}%`,
      since: ({ duration }: { duration: string }) => `Running for ${duration}`,
      waits:
        'The upgrade has failed and is tried again every minute. Calls are still being recorded. Tell an admin: “tapedeck upgrade status” says why.',
    },
  },
  status: {
    checking: 'Checking…',
    connected: 'Connected',
    /** What goes on now, without what there is none of. */
    now: ({ calls, recording, processing }: { calls: number; recording: number; processing: number }) =>
      [
        calls > 0 ? plural(calls, { one: '1 call', other: `${count(calls)} calls` }) : '',
        recording > 0 ? `${count(recording)} recording` : '',
        processing > 0 ? `${count(processing)} processing` : '',
      ]
        .filter(Boolean)
        .join(', '),
    problem: 'Problem',
    see: 'View health',
    more: ({ n }: { n: number }) =>
      plural(n, { one: 'There is 1 more problem.', other: `There are ${count(n)} more problems.` }),
    attention: 'Attention',
    lost: 'Reconnecting…',
    silent: ({ since }: { since: string }) => `Not connected since ${since}`,
    lostText: 'This page lost its connection and shows the last known state.',
    lostHint: 'It reconnects automatically.',
    down: 'The recorder is not running: new calls are not recorded.',
    downHint:
      'Start it on its machine with “systemctl start tapedeck”. Until then you can look at calls, but not play or change anything.',
    version: ({ v }: { v: string }) => `Connected to Asterisk ${v}`,
  },
  menu: {
    theme: 'Appearance',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    signedInAs: ({ name }: { name: string }) => `Signed in as ${name}`,
    signOut: 'Sign out',
    help: 'Help',
    keys: 'Keyboard shortcuts',
    user: ({ name }: { name: string }) => `Menu of ${name}`,
    about: ({ v }: { v: string }) => `Tapedeck ${v}`,
  },
  signIn: {
    title: 'Sign in',
    name: 'Name',
    password: 'Password',
    button: 'Sign in',
    busy: 'Signing in…',
    interrupted: 'Your session has ended. Sign in to continue where you were; nothing you typed is lost.',
    noName: 'Enter your name.',
    noPassword: 'Enter your password.',
    show: 'Show',
    hide: 'Hide',
    showPassword: 'Show the password',
    hidePassword: 'Hide the password',
  },
  setUp: {
    title: 'Set up Tapedeck',
    intro:
      'Nobody can sign in yet. This account will be the admin: it manages Tapedeck and adds other people.',
    code: 'Set-up code',
    codeHelp:
      'The dashboard printed it on its console when it started (with systemd: “journalctl -u tapedeck-web”). It works once.',
    name: 'Your name',
    nameHelp: 'You sign in with it, and the audit log shows it.',
    password: 'Password',
    hears: 'I also listen to calls',
    hearsYes: 'You can listen to, download and export every call. You can give this up later.',
    hearsNo:
      'You manage Tapedeck and see which calls were made, but cannot listen to them. Choose under People who can.',
    button: 'Create account and sign in',
    busy: 'Creating account…',
    noCode: 'Enter the code from the console.',
    noName: 'Choose a name.',
  },
  factors: factorText,
  calls: callsText,
  badge: badgeText,
  call: callText,
  held: heldText,
  player: playerText,
  keys: keysText,
  told: toldText,
  quality: qualityText,
  telling: tellingText,
  rights: rightsText,
  vault: vaultText,
  evidence: evidenceText,
  erase: eraseText,
  redact: redactText,
  account: accountText,
  welcome: welcomeText,
};

export type FirstMessages = typeof messages;
