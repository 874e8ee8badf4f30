import type { Verbs } from '../catalogue/catalogue.js';
import { unwritable } from '../catalogue/entries.js';
import { type Directive, directed, HOUSE, isMasked, masks, speakerOf } from '../domain/call/directive.js';
import { fail } from '../domain/error.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import type { PbxId } from '../domain/pbx.js';
import { reachedBy } from '../domain/people/reach.js';
import { type CallRecord, isId } from '../domain/recording/recording.js';
import { createBuckets, type Limit } from '../ops/buckets.js';
import type { Askers } from './askers.js';

/**
 * A refusal destroys what was captured of a call. A busy office passes on a few an hour; who would silence it passes on all. Beyond
 * that the rest of the call is masked, and what was captured before stays.
 */
const REFUSALS: Record<'each' | 'all', Limit> = {
  each: { burst: 20, hourly: 30 },
  all: { burst: 60, hourly: 120 },
};

/**
 * Nobody takes so many payments by card in one call. Beyond that they can mask it once more, and not resume it: what is said of a call must
 * not fill the disk, and a doubt is decided for silence.
 */
const CHANGES: Limit = { burst: 30, hourly: 60 };

export type DirectingRequestDeps = {
  catalogue: Verbs<'calls.get' | 'directives.of' | 'audit.append'>;
  askers: Pick<Askers, 'of'>;
  /** Takes up what is said of a call on this PBX. Throws `call_unknown`, `call_over`. */
  direct: (
    pbx: PbxId,
    call: string,
    said: Pick<Directive, 'kind' | 'how' | 'who' | 'legId'>,
  ) => Promise<void>;
  clock: () => number;
};

/** What people and programs say about the recording of a call that goes on. */
export function createDirectingRequests({
  catalogue,
  askers,
  direct,
  clock,
}: DirectingRequestDeps): Pick<ControlHandlers, 'direct_call'> {
  const buckets = createBuckets({ now: clock });

  /** Whether a person may have one more call's audio destroyed, which it takes. */
  const mayDestroy = (id: string): boolean =>
    buckets.take([`person ${id}`, REFUSALS.each], ['all', REFUSALS.all]);

  /** Whether they change a call that they have changed too often. Throws `too_many` for what would have more of it heard. */
  async function isTooMuch(
    person: string,
    { id, legs }: Pick<CallRecord, 'id' | 'legs'>,
    kind: Directive['kind'],
  ): Promise<boolean> {
    if (buckets.take([`call ${id} ${person}`, CHANGES])) return false;
    if (kind === 'decline') return false; // as often as `REFUSALS` has it
    if (!masks({ kind })) throw fail('too_many', 'This call was masked and resumed too often.');
    const now = directed(await catalogue.directives.of(id), legs);
    return kind === 'stop' ? now.stopped : isMasked(now);
  }

  /** What a party on the phone refused, nobody takes back for them. */
  async function withoutRefusal({ id, legs }: Pick<CallRecord, 'id' | 'legs'>): Promise<void> {
    const { answers } = directed(await catalogue.directives.of(id), legs);
    if (answers.some((one) => one.kind === 'decline' && speakerOf(one, legs) !== HOUSE))
      throw fail('call_refused');
  }

  return {
    async direct_call({ by, call: id, kind: asked }) {
      const { person, entry } = await askers.of(by);
      const found = isId(id) ? await catalogue.calls.get(id) : null;
      if (!found || found.test) throw fail('call_unknown');
      if (person) reachedBy(person, 'direct', found);
      const tooMany = person !== null && asked === 'decline' && !mayDestroy(person.id);
      const kind = tooMany ? 'stop' : asked;
      if (person && (await isTooMuch(person.id, found, kind))) {
        if (tooMany) throw fail('declined_too_often');
        return {};
      }
      if (kind === 'allow') await withoutRefusal(found);
      const how = person && person.only === undefined ? 'button' : 'api';
      const write = () =>
        catalogue.audit
          .append(
            entry('direct', {
              object: 'call',
              object_id: found.id,
              detail: { kind, ...(tooMany && { asked }) },
            }),
          )
          .catch((e) => {
            throw unwritable(e);
          });
      // A mask must not wait for the disk; who began it is in its own row from the first.
      const waits = !masks({ kind });
      if (waits) await write();
      await direct(found.pbx, found.id, { kind, how, who: person?.name ?? nameOf(by), legId: null });
      if (!waits) await write();
      if (tooMany) throw fail('declined_too_often');
      return {};
    },
  };
}

const nameOf = (by: object): string => ('console' in by ? String(by.console) : '');
