import type { Verbs } from '../catalogue/catalogue.js';
import type { NumbersInLists } from '../catalogue/listed.js';
import type { About, AuditAction } from '../domain/assurance/audit.js';
import { type Directive, speakerOf } from '../domain/call/directive.js';
import { dates, dayAfter, type Site, siteOfPbx, startOfDay, times } from '../domain/days.js';
import { fail } from '../domain/error.js';
import { numberAtSite } from '../domain/phone.js';
import { isNumber, type Listed, MOST_ON_A_LIST } from '../domain/policy/lists/number-list.js';
import type { CallRecord } from '../domain/recording/recording.js';
import type { Refused } from '../domain/telling/schema.js';
import type { Log } from '../ops/log.js';

export type RefusedDeps = {
  catalogue: Verbs<
    | 'calls.get'
    | 'directives.of'
    | 'policy.newest'
    | 'lists.all'
    | 'lists.save'
    | 'lists.entries'
    | 'lists.put'
    | 'lists.drop'
  >;
  lists: Pick<NumbersInLists, 'ready' | 'changed' | 'on'>;
  /** Writes an entry about what the recorder itself did. */
  note: (action: AuditAction, about: About) => Promise<void>;
  site: Site;
  clock: () => number;
  log: Log;
};

const BY = 'Tapedeck';
const NOTE = 'Calls with these numbers were refused to be recorded.';

/**
 * Puts the numbers of outside parties who refuse to be recorded on the list that the policy names, and takes one off again where it
 * was put there in the same call and they agree after all, or the decline is taken back. A withheld number is on no list.
 */
export function createRefused({ catalogue, lists, note, site, clock, log }: RefusedDeps) {
  const { timeZone } = site;
  let working: Promise<void> = Promise.resolve();
  const say = times(timeZone);

  async function follow(said: Directive): Promise<void> {
    const { policy } = await catalogue.policy.newest();
    const refused = policy.telling?.refused;
    if (!refused) return;
    const call = await catalogue.calls.get(said.callId);
    if (!call || call.test || call.direction === 'internal') return;
    const { region } = siteOfPbx(site, call.pbx);
    const number = numberAtSite(numberOf(call, said), region, site.region);
    if (!isNumber(number)) return;
    await lists.ready();
    if (said.kind !== 'decline') await takeOff(call, number, refused, said);
    else if (byOutsideParty(call, said)) await put(number, said.at, refused);
  }

  async function put(number: string, at: number, { list, days = null }: Refused): Promise<void> {
    const until = days === null ? null : startOfDay(dayAfter(dates(timeZone)(at), days + 1), timeZone);
    const there = await entryOf(list, number);
    if (there && (there.until === null || (until !== null && there.until >= until))) return;
    if (!there) {
      const all = await catalogue.lists.all();
      const known = all.find(({ name }) => name === list);
      if (known && known.numbers >= MOST_ON_A_LIST) throw fail('list_full', `"${list}"`);
      if (!known) await makeList(list);
    }
    const entry = { number, note: `Refused on ${say(at).slice(0, 16)}.`, until };
    // Who is on it already keeps who put them there, and why. The new entry is there before the old one goes.
    const [kept, by, since] = there ? [{ ...there, until }, there.addedBy, there.addedAt] : [entry, BY, at];
    const given = { number: kept.number, note: kept.note, until };
    await lists.changed(await catalogue.lists.put(list, [given], by, since, false));
    if (there) await lists.changed(await catalogue.lists.drop(list, [there.id]));
    await tell(list, there ? 'keeps 1 number for longer' : 'has 1 number more: a call was refused');
  }

  async function makeList(name: string): Promise<void> {
    await catalogue.lists.save({ name, note: NOTE, addedAt: clock(), addedBy: BY });
    await tell(name, 'is new');
  }

  /** What is on the list since a refusal of the same party in this call was put there by that. */
  async function takeOff(call: CallRecord, number: string, { list }: Refused, by: Directive): Promise<void> {
    const there = await entryOf(list, number);
    if (there?.addedBy !== BY) return;
    const said = await catalogue.directives.of(call.id);
    const speaker = speakerOf(by, call.legs);
    const theirs = (one: Directive) => speakerOf(one, call.legs) === speaker;
    if (!said.some((one) => one.kind === 'decline' && one.at === there.addedAt && theirs(one))) return;
    await lists.changed(await catalogue.lists.drop(list, [there.id]));
    await tell(list, 'has 1 number less: the refusal was taken back');
  }

  async function entryOf(list: string, number: string): Promise<Listed | null> {
    const id = lists.on(list, number);
    if (id === null) return null;
    return (await catalogue.lists.entries({ list, after: id - 1, limit: 1 }))[0] ?? null;
  }

  const tell = (list: string, change: string) =>
    note('policy_change', {
      object: 'list',
      object_id: list,
      detail: { changes: [`list "${list}" ${change}`] },
    });

  return {
    /** Something was said of the recording of a call. One after the other; never throws. */
    onSaid(said: Directive): void {
      if (said.kind !== 'decline' && said.kind !== 'allow' && said.kind !== 'undo') return;
      working = working
        .then(() => follow(said))
        .catch((err) => log.error({ err, call: said.callId }, 'A refused number was not put on its list'));
    },
    /** Resolves when all that was said is done. */
    idle: (): Promise<void> => working,
  };
}

/** Of the outside party who says it, or of whom our own side says it: the one that the call is with. */
const numberOf = ({ legs, them }: CallRecord, { legId }: Directive): string =>
  legs.find(({ id, party }) => id === legId && !party.ours)?.party.number ?? them.number;

/** The button says that the caller declines; by keys and in the dialplan it is whose leg it is. */
function byOutsideParty({ legs }: CallRecord, { how, legId }: Directive): boolean {
  const ours = legs.find(({ id }) => id === legId)?.party.ours;
  if (how === 'digits') return ours === false;
  return (how === 'dialplan' || how === 'button') && ours !== true;
}
