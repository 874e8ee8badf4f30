import type { Test } from 'tap';
import type { PbxEvent } from '../../../daemon/domain/call/event.js';
import type { Telling } from '../../../daemon/domain/telling/schema.js';
import { answers, at, BOB, EMPTY, lab, OLGA, type Options, pass, rings, scripted } from '../record-lab.js';
import { PROMPT_MS } from './whispers.js';

export const CALL = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

/** A recorder that tells people. What is played is over when the test says so. */
export async function telling(t: Test, policy: Telling = {}, more: Options = {}) {
  const capture = scripted();
  let n = 0;
  const mint = () => CALL.slice(0, -1) + 'VWXYZ'[n++];
  const l = await lab(t, { telling: policy, capture, mint, ...more });
  await l.recorder.recover(EMPTY);
  const id = (n: number) => `tapedeck-${CALL}-${n}-tell`;
  return {
    ...l,
    capture,
    up(n: number): void {
      l.hear({ kind: 'snoop-up', at: at(), id: id(n) }, { kind: 'prompt-started', at: at(), id: id(n) });
    },
    over(n: number, ms = PROMPT_MS): void {
      pass(ms / 10);
      l.hear({ kind: 'prompt-finished', at: at(), id: id(n), ok: true });
    },
    ledger: () => l.catalogue.notices.of(CALL),
    coverage: async () => (await l.catalogue.calls.get(CALL))?.coverage,
  };
}
export const digit = (legId: string, digit: string): PbxEvent => ({ kind: 'digit', at: at(), legId, digit });
/** Olga calls Bob, and both are up. */
export const inbound = (olga = OLGA) => [rings(olga), rings(BOB), answers(olga), answers(BOB)];
/** New York lets one party consent. */
export const NEW_YORK: Telling = { subdivision: 'NY' };
export const NY_CALLER = { ...OLGA, number: '+12125550142' };
