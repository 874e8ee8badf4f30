/** The first descriptor that systemd passes (sd_listen_fds(3)). */
const FIRST = 3;

/** The listening socket that systemd has opened for this process, as its unit of type socket says; null when there is none. */
export function passedSocket(): number | null {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  return Number(LISTEN_PID) === process.pid && Number(LISTEN_FDS) === 1 ? FIRST : null;
}
