import type { Test } from 'tap';
import { Compile } from 'typebox/compile';
import { ulid } from 'ulid';
import { DAY_MS } from '../../../daemon/domain/approval/approval.js';
import { type APPROVALS, approvalObject } from '../../../daemon/domain/operations/control/approvals.js';
import { CONTROL, type ControlAnswer, type ControlBody } from '../../../daemon/domain/operations/control.js';
import { type ApprovalDeps, createApprovals } from '../../../daemon/requests/approvals.js';
import { alarmBoard } from '../alarm-board.js';
import { password, peopleLab } from '../people-lab.js';

type Name = keyof typeof APPROVALS;

/** A recorder's answers about approvals; bodies and answers are checked as over the control socket. */
export async function approvalsLab(t: Test, more: Pick<ApprovalDeps, 'passkeysFor'> = {}) {
  const lab = await peopleLab(t);
  const { alarms, standing } = alarmBoard();
  const approvals = createApprovals({ ...lab.deps, ...more, alarms, mint: ulid });
  const asker = (person: string, token?: string) =>
    lab.deps.askers.of(lab.by(person, token === undefined ? {} : { token }));
  const ask = async <N extends Name>(name: N, body: ControlBody<N>): Promise<ControlAnswer<N>> => {
    if (!Compile(CONTROL[name].body).Check(body)) throw new Error(`${name}: the body is not as agreed`);
    const answer = await (approvals.handlers[name] as (body: unknown) => unknown)(body);
    if (!Compile(CONTROL[name].answer).Check(answer))
      throw new Error(`${name}: the answer is not as agreed: ${JSON.stringify(answer)}`);
    return answer as ControlAnswer<N>;
  };

  return {
    ...{ lab, approvals, asker, ask, standing },
    /** Adds somebody with an authenticator app that they have had for longer than 7 days by now; returns its codes. */
    async withFactor(name: string): Promise<() => string> {
      await lab.add(name);
      await lab.prove(name, { password });
      const code = await lab.withApp(name);
      lab.db.prepare('UPDATE totp SET added_at = ? WHERE user_id = ?').run(lab.clock.ms - 8 * DAY_MS, name);
      return code;
    },
    /** Gives a second factor for exactly this. */
    async proof(name: string, code: string, what: { id: string; digest: string }) {
      await lab.prove(name, { code }, { act: { kind: 'approving', object: approvalObject(what) } });
    },
  };
}
