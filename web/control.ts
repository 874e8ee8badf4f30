import type { Static } from 'typebox';
import { Value } from 'typebox/value';
import { fail } from '../daemon/domain/error.js';
import { controlSocket, request } from '../daemon/ops/control-client.js';
import { DaemonStatus, RetentionRunView, type StatusView } from './schemas.js';

type Status = Static<typeof StatusView>;

export type Control = {
  /** How the daemon is; says `down` instead of throwing when it does not answer. */
  status(): Promise<Status>;
  /** Erases what is due. Throws `daemon_unreachable`, `retention_refused` or whatever else the daemon answers. */
  runRetention(confirm?: string): Promise<Static<typeof RetentionRunView>>;
};

/** A run destroys keys and files one by one, so it may take longer than other requests. */
const RUN_MS = 300_000;

const down: Status = {
  daemon: 'down',
  pbx: { ari: false, ami: false, version: '', problem: null },
  calls_now: 0,
  recording_now: 0,
  preserving: 0,
};

/** The dashboard's side of the daemon's control socket. */
export function createControl({ dataDir }: { dataDir: string }): Control {
  const socket = controlSocket(dataDir);
  return {
    async status() {
      const answer = await request<unknown>(socket, 'GET', '/status').catch(() => null);
      return Value.Check(DaemonStatus, answer) ? { ...answer, daemon: 'up' } : down;
    },
    async runRetention(confirm) {
      const answer = await request<unknown>(socket, 'POST', '/retention/run', confirm ? { confirm } : {}, {
        timeoutMs: RUN_MS,
      });
      if (!Value.Check(RetentionRunView, answer)) throw fail('internal', 'The daemon gave no count.');
      return answer;
    },
  };
}
