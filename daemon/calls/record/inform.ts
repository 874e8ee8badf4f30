import { setTimeout as wait } from 'node:timers/promises';
import type { Verbs } from '../../catalogue/catalogue.js';
import type { CallState } from '../../domain/call/call.js';
import type { TrackedLeg } from '../../domain/call/call-state.js';
import type { PbxEvent } from '../../domain/call/event.js';
import { companionsOf } from '../../domain/call/feed.js';
import type { Site } from '../../domain/days.js';
import { fail, TapedeckError } from '../../domain/error.js';
import type { Alarms } from '../../domain/operations/alarm.js';
import type { Telling } from '../../domain/policy/course.js';
import type { CallFacts } from '../../domain/policy/facts.js';
import type { Policy, RecordRule } from '../../domain/policy/policy.js';
import { because, becauseOf, type Why } from '../../domain/reason/reason.js';
import type { CallId, CallRecord, Leg, LegId } from '../../domain/recording/recording.js';
import { decideNotice, sameNotice } from '../../domain/telling/decide-notice.js';
import { isStrict, type Notice, type Played, reaches } from '../../domain/telling/notice.js';
import { keysOf } from '../../domain/telling/prompt.js';
import { answersByKey } from '../../domain/telling/schema.js';
import type { Log } from '../../ops/log.js';
import type { WhisperPbx } from './announce/whispers.js';
import { createAnnouncer, type Told } from './announce.js';
import { createAway } from './away.js';
import {
  ANSWER_MS,
  amongOf,
  type ReadyPrompt,
  tellingOf,
  uninformed,
  type WantedPrompt,
} from './informing.js';
import type { Live } from './live.js';

export type InformDeps = {
  /** Where prompts are played. */
  whispers: WhisperPbx;
  /** Brings a prompt to the PBX. Throws `prompt_unplayable`, and what the PBX answers. */
  promptFor: (wanted: WantedPrompt) => Promise<ReadyPrompt>;
  /** People answer by keys: from now on the PBX has to tell them. */
  hearKeys: () => void;
  catalogue: Verbs<'notices.decide' | 'notices.tell'>;
  alarms: Pick<Alarms, 'raise'>;
  site: Site;
  /** What the dialplan has told the party on a leg before, and what they answered; null for nothing. */
  consentOf: (leg: Pick<TrackedLeg, 'id' | 'caller'>) => Promise<Consent | null>;
  clock: () => number;
  log: Log;
};
type Consent = Extract<PbxEvent, { kind: 'consent' }>;

/** The row of a call may not be there yet; it is tried again so much later, in ms. */
const AGAIN_MS = 200;
const ALARM_FOR = 3_600_000;

export type Inform = ReturnType<typeof createInform>;

/** Tells the people of calls that they are recorded, as the policy and the law of their places have it, and keeps the ledger of that. */
export function createInform(
  deps: InformDeps,
  around: {
    state: () => CallState;
    find: (id: CallId) => Live | undefined;
    reconsider: (l: Live) => void;
    /** Follows what was learned late as what is heard. */
    hear: (event: PbxEvent) => void;
  },
) {
  const { clock, log } = deps;
  const announcer = createAnnouncer({
    ...{ pbx: deps.whispers, clock, log },
    onTold: heard,
    onGivenUp: (id, why) => {
      const l = around.find(id);
      if (l) gaveUp(id, l, why);
    },
  });

  const there = (l: Live): LegId[] => {
    const anchor = l.newest?.anchor ?? l.segment?.legId ?? null;
    return anchor === null ? [] : companionsOf(around.state(), anchor);
  };

  const legsOf = (l: Live): readonly Leg[] => l.newest?.call.legs ?? [];

  /** Keeps what was decided or played; where that cannot be now, once more a moment later. */
  function write(l: Live, what: () => Promise<unknown>): void {
    const once = () =>
      what().catch(async () => {
        await wait(AGAIN_MS);
        await what();
      });
    l.informing.writing = l.informing.writing.then(once).catch((err) => {
      log.error({ err }, 'How people were told could not be written to the catalogue');
    });
  }

  function keep(l: Live, played: Omit<Played, 'seq' | 'found'>): void {
    write(l, () => deps.catalogue.notices.tell(played));
  }

  /** A playing of which it is not known that anything was heard. */
  const notPlayed = (
    callId: CallId,
    leg: LegId,
    { mode, language }: Notice,
    failed: Why,
  ): Omit<Played, 'seq' | 'found'> => {
    const kind = mode === 'beep' || mode === 'silent' ? null : mode;
    return {
      ...{ callId, what: kind === null ? 'beep' : 'prompt', leg, failed },
      prompt: { kind, language, hash: null, name: '', durationMs: null },
      ...{ startedAt: null, endedAt: clock(), whole: false, heardBy: [] },
    };
  };

  /** A call that is becoming part of another: nobody finds it any more, and what it is being told is cut off. */
  let leaving: { id: CallId; live: Live } | null = null;

  function heard(told: Told): void {
    const l = around.find(told.callId) ?? (leaving?.id === told.callId ? leaving.live : undefined);
    if (!l?.informing.prompt) return;
    const { informing } = l;
    const { of, played: prompt } = l.informing.prompt;
    informing.answersUntil = clock() + ANSWER_MS;
    const { whole, heardBy, startedAt, endedAt, leg, failed } = told;
    const toSomebodyNew = heardBy.some((one) => !informing.told.has(one));
    if (whole) {
      informing.told = new Set([...informing.told, ...heardBy]);
      for (const one of heardBy) informing.heardAt.set(one, endedAt);
      informing.reached ||= reaches(heardBy, legsOf(l));
      informing.failed = null;
    }
    const what = of.mode === 'beep' ? 'beep' : 'prompt';
    const row = {
      callId: told.callId,
      what,
      prompt,
      leg,
      startedAt,
      endedAt,
      whole,
      heardBy,
      failed,
    } as const;
    if (told.what === 'beep' && whole && !toSomebodyNew) {
      informing.lastTone = row;
      return;
    }
    keepLastTone(l);
    keep(l, row);
    if (whole) around.reconsider(l);
  }

  /** Keeps the end of a run of tones. Each tone in between was heard as well: one that was not has a row. */
  function keepLastTone(l: Live): void {
    const { lastTone } = l.informing;
    l.informing.lastTone = null;
    if (lastTone) keep(l, lastTone);
  }

  function gaveUp(call: CallId, l: Live, why: Why): void {
    const strict = l.informing.notice !== null && isStrict(l.informing.notice);
    l.informing.failed = { why, among: amongOf(there(l)) };
    const [error, detail] = why.code === 'error' ? [why.params.error, why.params.detail] : ['pbx_failed', ''];
    deps.alarms.raise('telling_failed', {
      severity: strict ? 'critical' : 'warning',
      why: { code: 'telling_failed', params: { call, strict, error, detail } },
      forMs: ALARM_FOR,
    });
    around.reconsider(l);
  }

  /** The dialplan has told the party on a leg. */
  function consented(event: Consent): void {
    const { legId: leg, at, prompt: name, language } = event;
    const callId = around.state().legs.get(leg)?.callId;
    const l = callId === undefined ? undefined : around.find(callId);
    if (!l || callId === undefined || l.informing.told.has(leg)) return;
    l.informing.told = new Set([...l.informing.told, leg]);
    l.informing.byDialplan = true;
    l.informing.reached ||= reaches([leg], legsOf(l));
    keep(l, {
      ...{ callId, what: 'dialplan', leg, startedAt: null, endedAt: at },
      prompt: { kind: null, language, hash: null, name, durationMs: null },
      ...{ whole: true, heardBy: [leg], failed: null },
    });
    around.reconsider(l);
  }

  const away = createAway(deps, around, {
    takenAway: (snapshot) => announcer.takeUp(snapshot),
    again: (id) => announcer.end(id),
    interrupted(callId, l, notice) {
      keep(l, notPlayed(callId, l.segment?.legId ?? '', notice, because('prompt_interrupted')));
    },
  });

  return {
    ...away,

    /** Every event of the PBX, after it was followed. */
    hear(event: PbxEvent): void {
      announcer.hear(event);
      if (event.kind === 'consent') consented(event);
    },

    /** Decides how the people of an answered call are told, by what is known of it now. */
    decide(
      call: CallRecord,
      l: Live,
      { policy: { telling }, version }: { policy: Policy; version: number },
      { rule, agreed, facts }: { rule: RecordRule | null; agreed: boolean | undefined; facts: CallFacts },
    ): void {
      if (!telling || call.test) return;
      const { informing } = l;
      informing.keys = keysOf(telling);
      const decided = { ...decideNotice(facts, { telling, rule, agreed }), version };
      const before = informing.notice;
      if (before && sameNotice(before, decided)) return;
      const joined = before && before.mode !== 'ask' && decided.others.length > before.others.length;
      const askedSince = decided.mode === 'ask' && joined ? clock() : (before?.askedSince ?? 0);
      const notice = { ...decided, askedSince, callId: call.id, at: clock() };
      informing.notice = notice;
      if (answersByKey(notice.mode)) deps.hearKeys();
      write(l, () => deps.catalogue.notices.decide(notice));
    },

    /**
     * Has the prompt ready that a call needs, before anything of the call is captured. `awaited`: somebody has to agree first.
     * Once everybody has, what has to be heard in the recording is said in it.
     */
    async prepare(call: CallRecord, l: Live, awaited: boolean): Promise<void> {
      const { informing } = l;
      const { notice, keys } = informing;
      if (!notice || notice.mode === 'silent') return;
      const { language } = notice;
      const mode = notice.mode === 'ask' && notice.promptInRecording && !awaited ? 'announce' : notice.mode;
      const wanted = { mode, language, key: mode === 'ask' ? keys.agree : keys.refuse };
      const others = there(l);
      if (others.length === 0) return;
      const failed = informing.failed?.among === amongOf(others);
      if (failed || (informing.prompt && JSON.stringify(informing.prompt.of) === JSON.stringify(wanted)))
        return;
      try {
        const prompt = { ...(await deps.promptFor(wanted)), of: wanted };
        if (informing.prompt && changes(informing.prompt.of, wanted)) {
          announcer.end(call.id);
          keepLastTone(l);
          informing.told = new Set();
        }
        informing.prompt = prompt;
        informing.failed = null;
      } catch (e) {
        log.error({ err: e, call: call.id }, 'There is no prompt to tell people with');
        const failed = becauseOf(e instanceof TapedeckError ? e : fail('pbx_failed', '', e));
        keep(l, notPlayed(call.id, others[0]!, notice, failed));
        gaveUp(call.id, l, failed);
      }
    },

    /** How far they have been told; null where Tapedeck tells nobody. */
    telling: (l: Live): Telling | null => tellingOf(l.informing, there(l)),

    /** Has everybody told who hears the captured party now and was not told yet. */
    follow(id: CallId, anchor: LegId, l: Live): void {
      const { notice, prompt, byDialplan } = l.informing;
      if (!notice || !prompt || notice.mode === 'silent') return;
      const { legs } = around.state();
      const others = companionsOf(around.state(), anchor);
      if (announcer.standing(id)) announcer.present(id, anchor, others);
      if (announcer.standing(id) || others.length === 0) return;
      const all = [anchor, ...others];
      const told = all.filter((leg) => l.informing.told.has(leg) || (byDialplan && !legs.get(leg)?.outside));
      if (told.length < all.length || notice.beepSeconds !== null)
        void announcer.tell(id, prompt.prompt, { captured: anchor, others, told });
      if (notice.beepSeconds !== null) announcer.beep(id, prompt.prompt, notice.beepSeconds * 1_000);
    },

    /** The capture is taken off the leg for a moment: what is being played begins again afterwards. */
    pause: (id: CallId, anchor: LegId): void => announcer.present(id, anchor, []),

    /** Nobody is told any more. */
    end(id: CallId): void {
      announcer.end(id);
      const l = around.find(id);
      if (l) keepLastTone(l);
    },

    isPlaying: (id: CallId): boolean => announcer.isPlaying(id),

    /**
     * The keys by which the party on a leg answers a prompt; empty where they do not: while it is played and a little later, and an
     * outside party who has heard it as long as they talk with somebody.
     */
    answersOf(id: CallId, leg: LegId): { refuse: string; agree: string } {
      const { notice, keys, answersUntil, told } = around.find(id)?.informing ?? uninformed();
      const state = around.state();
      // No prompt says that an outside party has to be quick. Our own side dials through menus of others.
      const inTalk = state.legs.get(leg)?.outside === true && companionsOf(state, leg).length > 0;
      const soon = announcer.isPlaying(id) || clock() < answersUntil;
      const open = notice && answersByKey(notice.mode) && (soon || (inTalk && told.has(leg)));
      if (!open) return { refuse: '', agree: '' };
      return notice.mode === 'ask' ? keys : { refuse: keys.refuse, agree: '' };
    },

    /** What was told in a call that became part of another was told in that. */
    unite(from: CallId, l: Live, into: Live): void {
      leaving = { id: from, live: l };
      announcer.end(from);
      leaving = null;
      keepLastTone(l);
      const [a, b] = [l.informing, into.informing];
      b.writing = Promise.all([a.writing, b.writing]);
      b.told = new Set([...b.told, ...a.told]);
      b.heardAt = new Map([...b.heardAt, ...a.heardAt]);
      b.reached ||= a.reached;
      b.byDialplan ||= a.byDialplan;
    },

    stop: (): void => announcer.stop(),
  };
}

/**
 * Whether people have to be told anew: they have heard, or are hearing, something else. The same in another language is for those
 * who come later.
 */
const changes = (was: WantedPrompt, wanted: WantedPrompt): boolean =>
  was.mode !== wanted.mode || was.key !== wanted.key;
