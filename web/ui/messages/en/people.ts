import { count, plural } from '../locale.js';

/** The messages of the pages for people, of one’s own account and of the link for a password. */
export const peopleText = {
  title: 'People',
  summary: ({ n, admins }: { n: number; admins: number }) => {
    const of = plural(admins, { one: 'one is an admin', other: `${count(admins)} are admins` });
    return plural(n, {
      one: admins === 1 ? 'One person can sign in and is an admin.' : 'One person can sign in.',
      other: `${count(n)} people can sign in; ${of}.`,
    });
  },
  alone:
    'You are the only one so far. Add the people who listen to calls, with access to only the calls they need.',
  readOnly: 'You can see who has which permissions. Only an admin can change them.',
  add: 'Add a person',
  columns: { name: 'Name', means: 'Access', signedIn: 'Last signed in', state: 'State' },
  you: 'you',
  never: 'never',
  states: {
    active: 'Active',
    disabled: 'Disabled',
    invited: ({ until }: { until: string }) => `Invited; the link works until ${until}`,
    expired: 'Invitation expired',
  },
  roles: { admin: 'Admin', reviewer: 'Reviewer', auditor: 'Auditor', agent: 'Agent' },
  roleHelp: {
    admin: 'Administers Tapedeck: settings, policy, people. Sees which calls were made but cannot listen.',
    reviewer: 'Listens to calls: all of them, or those of chosen extensions, queues and numbers.',
    auditor: 'Sees and reports everything but changes nothing. Must give a reason to listen to a call.',
    agent: 'Listens to the calls of their own extension.',
  },
  grants: {
    download: 'Download recordings',
    export: 'Export calls with their evidence',
  },
  form: {
    addTitle: 'Add a person',
    addButton: 'Add person',
    back: 'All people',
    name: 'Name',
    nameHelp: 'They sign in with it, and the audit log shows it.',
    roles: 'Roles',
    rolesHelp: 'One person may have several.',
    scope: 'Calls the reviewer can listen to',
    scopeAll: 'All calls',
    scopeSome: 'Only calls of:',
    extensions: 'Extensions',
    queues: 'Queues',
    dids: 'Numbers called (DIDs)',
    own: 'Own extensions',
    ownHelp: 'They can listen to each call from when this extension joined until it left.',
    listHelp: 'Choose one seen in calls, or type another.',
    addTo: 'Add',
    addToLong: ({ what }: { what: string }) => `Add to ${what}`,
    take: ({ number, what }: { number: string; what: string }) => `Remove ${number} from ${what}`,
    grants: 'Additional permissions',
    noGrants: 'These roles have no additional permissions.',
    means: 'Access',
    nobody: 'This person',
    nothing: 'Choose a role to see its access.',
    save: 'Save changes',
    saving: 'Saving…',
    saved: 'Saved. The change applies immediately, including to open sessions.',
    noName: 'Enter a name.',
    noRole: 'Choose at least one role.',
    noScope: 'Add an extension, a queue or a number, or choose all calls.',
    noOwn: 'Add their extension.',
    unadded: ({ what }: { what: string }) => `Choose “Add” for the entry under ${what}, or clear it.`,
    conflictTitle: 'Somebody else changed this person while you were editing.',
    conflict: 'Your changes are neither lost nor saved yet. The current version:',
    takeTheirs: 'Discard my changes and load theirs',
    keepMine: 'Save mine over theirs',
    gone: 'This person was removed.',
  },
  link: {
    title: 'Signing in',
    hasPassword: 'Has a password.',
    noPassword: 'Has not chosen a password yet.',
    disabled: 'Cannot sign in.',
    make: 'Create password link',
    makeHelp: 'For people who forgot their password. The current password works until the link is used.',
    made: ({ name }: { name: string }) => `Give this link only to ${name}`,
    madeHelp: ({ until }: { until: string }) =>
      `It works once, until ${until}, and is shown only now. Anyone who opens it can set the password.`,
    label: 'Link',
    copy: 'Copy',
    copied: 'Copied.',
    copyFailed: 'The browser blocked copying. Select the link and copy it manually.',
    done: 'Done',
  },
  acts: {
    title: 'Disable or remove',
    disable: 'Disable this person',
    disableHelp: 'Ends their sessions immediately. Nothing else changes, and you can undo it.',
    enable: 'Enable this person',
    remove: 'Remove this person',
    removeHelp:
      'Ends their sessions and tokens. They can no longer sign in. Their audit log entries are kept.',
    removeTitle: ({ name }: { name: string }) => `Remove ${name}?`,
    removeWhat: ({ name }: { name: string }) =>
      `${name} can no longer sign in, and their sessions end. This cannot be undone. Their audit log entries are kept.`,
    word: 'remove',
    typeWord: ({ word }: { word: string }) => `Type “${word}” to confirm`,
    wrongWord: ({ word }: { word: string }) => `Type the word ${word} exactly.`,
    removing: 'Removing…',
    removed: ({ name }: { name: string }) => `${name} is removed.`,
    yourself: 'This is you.',
  },
  sessions: {
    title: 'Signed in now',
    none: 'Not signed in.',
    where: ({ address, since, seen }: { address: string; since: string; seen: string }) =>
      `from ${address}, since ${since}, last used ${seen}`,
    thisOne: 'This session',
    /** What a browser says it is; either may be empty. */
    browser: ({ program, system }: { program: string; system: string }) =>
      program && system ? `${program} on ${system}` : program || system || 'Unknown program',
    end: 'Sign out',
    endThat: ({ browser, address }: { browser: string; address: string }) =>
      `Sign out ${browser}, from ${address}`,
    endOthers: 'Sign out everywhere else',
    endAll: 'Sign out everywhere',
    endAllHelp: 'Signing out everywhere ends API tokens too.',
    endedAll: 'Every session and API token has ended.',
    ended: ({ n }: { n: number }) =>
      n === 0
        ? 'No sessions to end.'
        : plural(n, { one: '1 session ended.', other: `${count(n)} sessions ended.` }),
  },
};
