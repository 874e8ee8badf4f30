import { userInfo } from 'node:os';

/** Looked up at once: a command that is run as root becomes somebody else later. */
const invoker = nameOf();

/** Who uses the command line: the user of this machine, and who became that user by sudo. */
export function consoleUser(): string {
  const before = process.env.SUDO_USER;
  return before && /^[\w.@\\-]{1,60}$/.test(before) && before !== invoker
    ? `${before} (as ${invoker})`
    : invoker;
}

function nameOf(): string {
  try {
    return userInfo().username;
  } catch {
    return `user id ${process.getuid?.()}`; // without an entry in /etc/passwd
  }
}
