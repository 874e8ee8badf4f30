/** Where the programs of an administrator are, whatever the caller's PATH is. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/var/lib/asterisk/bin';

/** Returns the environment for a program that an administrator would call, whose output is read: in English. */
export const programEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${process.env.PATH ?? ''}:${PATH}`,
  LC_ALL: 'C.UTF-8',
});

/** Whether a terminal is to get plain text (https://no-color.org). */
export const plainTerminal = (): boolean =>
  !process.stdout.isTTY || Boolean(process.env.NO_COLOR) || process.env.TERM === 'dumb';

/** What systemd says of standard error where it is the journal: device and inode (systemd.exec(5)). Undefined elsewhere. */
export const journalStream = (): string | undefined => process.env.JOURNAL_STREAM;
