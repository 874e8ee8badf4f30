import type { ActKind, OwnFactorAct } from '../../../../daemon/domain/people/act.js';
import { count, plural } from '../locale.js';

/** Signing in by other ways than a password alone. */
export const factorText = {
  outside: { ldap: 'Signs in through the directory', oidc: 'Signs in through the identity provider' },
  passkeyButton: 'Sign in with a passkey',
  passkeyBusy: 'Waiting for your passkey…',
  providerButton: ({ name }: { name: string }) => `Sign in with ${name}`,
  providerBusy: 'Redirecting…',
  or: 'or',
  factor: {
    title: 'Second factor',
    intro: 'Enter your second factor to finish signing in.',
    code: 'Authentication code',
    codeHelp: 'The six digits shown in your authenticator app.',
    recovery: 'Recovery code',
    recoveryHelp: 'One of the ten codes you saved. Each works once.',
    noCode: 'Enter the code.',
    button: 'Continue',
    busy: 'Checking…',
    passkey: 'Use a passkey',
    elsewhere:
      'Your passkey was created for a different address of this dashboard and doesn’t work on this one.',
    useRecovery: 'I can’t use my app: enter a recovery code',
    usePasskeyRecovery: 'I can’t use my passkey: enter a recovery code',
    useApp: 'Enter an authentication code instead',
    lost: 'If you have lost all of these, an admin can reset your second factors.',
    signOut: 'Sign in as somebody else',
  },
  enrol: {
    title: 'Add a second factor',
    intro:
      'Your role requires a second factor. Setting it up takes a minute. You will need it each time you sign in.',
    done: 'Second factor added',
  },
  failed: {
    title: 'Wrong codes were entered for you',
    /** `when`: the time of the last one, or empty. */
    text: ({ n, when }: { n: number; when: string }) => {
      const last = when && `, the last ${when}`;
      return plural(n, {
        one: `Before this sign-in, 1 wrong second factor came with your right password${last}.`,
        other: `Before this sign-in, ${count(n)} wrong second factors came with your right password${last}.`,
      });
    },
    hint: 'If that was not you, somebody knows your password. Change it now.',
    close: 'Dismiss',
  },
  section: {
    title: 'Second factors',
    none: 'You sign in with only a password. A second factor protects your account if somebody learns it.',
    noneRequired: 'Your role requires a second factor.',
    some: 'You need one of these each time you sign in, after your password. A passkey also works without the password.',
    app: 'Authenticator app',
    appSince: ({ when }: { when: string }) => `Added ${when}`,
    appNone: 'Not set up.',
    appWhat: 'An app on your phone that shows a new code every 30 seconds. It works offline.',
    appAdd: 'Set up an app',
    appAgain: 'Replace the authenticator app',
    approving:
      'A new app or passkey counts for approvals after 7 days, and so does an app that replaces another. Recovery codes never count. Every change here is reported to the alert recipients.',
    passkeys: 'Passkeys',
    passkeyNone: 'None.',
    passkeyWhat:
      'A passkey is stored on this device, a phone or a security key, and unlocks with a fingerprint, face or PIN.',
    passkeyAdd: 'Add a passkey',
    /** `used`: when it last was, or null. */
    passkeyState: ({ host, used }: { host: string; used: string | null }) =>
      used === null ? `for ${host}, not used yet` : `for ${host}, last used ${used}`,
    passkeyName: 'Name of the passkey',
    passkeyNameHelp: 'A name you will recognize, such as “laptop” or “key ring”.',
    passkeyNoName: 'Give it a name.',
    passkeyMake: 'Create passkey',
    insecure: 'Passkeys only work over HTTPS, or on localhost. This page was opened over HTTP.',
    address: 'Passkeys don’t work on an IP address. Open this page by its host name.',
    unsupported: 'This browser doesn’t support passkeys.',
    recovery: 'Recovery codes',
    recoveryLeft: ({ n }: { n: number }) => (n === 0 ? 'None left.' : `${count(n)} of 10 left.`),
    recoveryNew: 'Create new codes',
    recoveryNewAsk: 'New codes replace the old ones.',
    remove: 'Remove',
    removeApp: 'Remove the authenticator app',
    removePasskey: ({ name }: { name: string }) => `Remove the passkey “${name}”`,
    last: 'Your role requires a second factor: add another one before you remove this.',
    added: 'Added. You will need it the next time you sign in.',
    removed: 'Removed.',
  },
  app: {
    scan: 'Scan this with your authenticator app',
    qr: 'QR code with the secret for your app',
    orType: ({ key }: { key: string }) => `Or enter this key in the app: ${key}`,
    code: 'Code shown in the app',
    button: 'Add app',
    busy: 'Checking…',
  },
  codes: {
    title: 'Your recovery codes',
    text: 'Each code works once in place of your second factor. Store them where you can reach them without your phone. They are not shown again.',
    copy: 'Copy',
    copied: 'Copied',
    save: 'Save as a file',
    file: ({ site }: { site: string }) => `Recovery codes of Tapedeck, ${site}`,
    kept: 'I’ve saved these codes',
  },
  proof: {
    title: 'Confirm it’s you',
    /** For each kind of act what is about to be done. */
    acts: {
      rules: 'You are about to change what is recorded and how long it is kept.',
      erasing: 'You are about to erase recordings or documents permanently.',
      people: 'You are about to change who can sign in or what they can do.',
      factor_roles: 'You are about to change who needs a second factor.',
      tokens: 'You are about to create an API token.',
      own_factors: 'You are about to change your own second factors.',
      mailing: 'You are about to set up that a report is sent by email.',
      approving: 'You are about to approve what another person asked for.',
    } satisfies Record<ActKind, string>,
    /** Of the changes of one's own second factors, what is about to be done; any other removes a passkey. */
    ownFactors: {
      'add passkey': 'You are about to add a passkey to your account.',
      'add app': 'You are about to add an authenticator app to your account.',
      'remove app': 'You are about to remove your authenticator app.',
      'make recovery codes': 'You are about to create new recovery codes.',
    } satisfies Record<OwnFactorAct, string> as Record<string, string>,
    removePasskey: 'You are about to remove a passkey from your account.',
    text: 'Confirm only if you started this. For ten minutes you can then make changes of this kind without confirming again.',
    once: 'Confirm only if you started this. It counts for this one change.',
    approving:
      'Confirm only if you have read exactly what you approve. It counts for this one approval. Use an authenticator app or a passkey that you have had for at least 7 days.',
    password: 'Password',
    code: 'Authentication code or recovery code',
    appCode: 'Authentication code',
    button: 'Continue',
  },
  roles: {
    title: 'Who needs a second factor',
    text: 'People with these roles need a second factor each time they sign in. Those without one set it up at their next sign-in. Open sessions are asked immediately.',
    names: {
      admin: 'Admins',
      reviewer: 'Reviewers',
      auditor: 'Auditors',
      agent: 'Agents',
    },
    save: 'Save',
    saved: 'Saved.',
    yourself: 'You don’t have one yourself: you will be asked to set one up immediately.',
  },
};
