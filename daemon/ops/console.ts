import { userInfo } from 'node:os';

/** Who uses the command line: the user of this machine, and who became that user by sudo. */
export function consoleUser(): string {
  const { username } = userInfo();
  const before = process.env.SUDO_USER;
  return before && /^[\w.@\\-]{1,60}$/.test(before) && before !== username
    ? `${before} (as ${username})`
    : username;
}
