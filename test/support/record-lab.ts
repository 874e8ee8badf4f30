import type { Test } from 'tap';
import { createRecorder } from '../../daemon/calls/record.js';
import { createSegments } from '../../daemon/capture/segments.js';
import type { Capture } from '../../daemon/capture/snoop.js';
import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import type { CdrTimes } from '../../daemon/domain/call/answered.js';
import type { Directive } from '../../daemon/domain/call/directive.js';
import type { LegFacts, PbxEvent, Snapshot } from '../../daemon/domain/call/event.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { FIRST } from '../../daemon/domain/pbx.js';
import { defaultPolicy, type Policy, type RecordRule } from '../../daemon/domain/policy/policy.js';
import { NONE_STANDING, type StandingOf } from '../../daemon/domain/policy/standing/standing.js';
import { because, type Why } from '../../daemon/domain/reason/reason.js';
import {
  type BlindWindow,
  spoolName as nameOf,
  type SegmentName,
  snoopId as snoopOf,
} from '../../daemon/domain/recording/recording.js';
import { createLog } from '../../daemon/ops/log.js';
import { freshCatalogue } from './catalogue/fresh.js';
import { scriptedWhispers } from './pbx/whispers.js';

const codes = { decline: '*0', allow: '', keep: '', mask: '*7', resume: '*8' };

export const T0 = 1_700_000_000_000;
export const log = createLog('silent', 'test');
/** What a PBX has before its first call. */
export const EMPTY: Snapshot = { kind: 'snapshot', at: T0, legs: [], bridges: [], snoops: [] };
/** What no one can guess of a spool file's name. */
export const token = '0123456789abcdef'.repeat(2);
export const spoolName = (callId: string, seq: number, side: 'in' | 'out') =>
  nameOf({ callId, seq, token }, side);
export const snoopId = (callId: string, seq: number, side: 'in' | 'out') =>
  snoopOf({ callId, seq, token, swapped: false }, side);

/** A promise to be settled by hand. */
export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** A capture that does as it is told, and keeps a list of what was asked of it. */
export function scripted() {
  const asked: string[] = [];
  const running = new Set<string>();
  const capture = {
    asked,
    running,
    /** What is to happen before a capture begins; may throw. */
    onBegin: async (_leg: string): Promise<void> => {},
    /** False where the PBX mutes a recording for good. */
    unmutes: true,
    hear: () => {},
    async begin({ callId, seq }: SegmentName, legId: string) {
      asked.push(`begin ${callId}-${seq} ${legId}`);
      await capture.onBegin(legId);
      return { inStartedAt: T0 + 1000, outStartedAt: T0 + 1000 };
    },
    async finished({ callId, seq }: SegmentName) {
      asked.push(`finished ${callId}-${seq}`);
    },
    async end({ callId, seq }: SegmentName) {
      asked.push(`end ${callId}-${seq}`);
    },
    async drop({ callId, seq }: SegmentName) {
      asked.push(`drop ${callId}-${seq}`);
    },
    async mute({ callId, seq }: SegmentName) {
      asked.push(`mute ${callId}-${seq}`);
    },
    async unmute({ callId, seq }: SegmentName) {
      asked.push(`unmute ${callId}-${seq}`);
      return capture.unmutes;
    },
    live: async ({ callId, seq }: SegmentName) => {
      const runs = running.has(`${callId}-${seq}`);
      return { in: runs, out: runs };
    },
    found: () => {},
    release: async (id: string) => void asked.push(`release ${id}`),
    stop: () => {},
  };
  return capture satisfies Capture;
}

export type Options = {
  rules?: RecordRule[];
  telling?: Policy['telling'];
  /** The country of the site. */
  region?: string;
  capture?: Capture;
  at?: string;
  muteTrap?: boolean;
  /** How long a decline can be taken back, in ms. */
  undoMs?: number;
  mint?: () => string;
};

export const say = (ms: number) => `T0${ms === T0 ? '' : (ms - T0) / 1000}`;

/** A recorder with a catalogue of its own, ready for events once it has been told what the PBX has. */
export async function lab(
  t: Test,
  {
    rules = [],
    telling,
    region = '',
    capture = scripted(),
    at = t.testdir(),
    muteTrap = false,
    mint,
    undoMs = 60_000,
  }: Options = {},
) {
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(at)) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  if (rules.length > 0 || telling) {
    const { version } = await catalogue.policy.newest();
    const policy = { ...defaultPolicy, record: rules, ...(telling && { telling }) };
    await catalogue.policy.save(policy, 'test', T0, version);
  }
  const removed: string[] = [];
  const broken = { writes: 0 };
  const born = new Map<string, number>();
  const spooled: string[] = [];
  const hindrance: { why: Why | null } = { why: null };
  const audio: { held: { ms: number; closed: boolean } | null } = { held: null };
  const captured: string[] = [];
  const results: string[] = [];
  const raised: string[] = [];
  const told = new Map<string, CdrTimes>();
  const gap: { last: BlindWindow | null } = {
    last: { pbx: FIRST, from: T0 - 30_000, to: null, why: because('not_running') },
  };
  const stalls: { from: number; to: number }[] = [];
  const saved: string[] = [];
  const absorbed = gate();
  const seen: Catalogue = {
    ...catalogue,
    calls: {
      ...catalogue.calls,
      save: async (call, ...more) => {
        saved.push(call.id);
        if (broken.writes-- > 0) throw new Error('database or disk is full');
        return catalogue.calls.save(call, ...more);
      },
      absorb: (from, into) => catalogue.calls.absorb(from, into).finally(absorbed.open),
    },
  };
  /** What was said of calls, once it was stored. */
  const heard: Directive[] = [];
  /** The lists that numbers are on. */
  const lists: { of: (number: string) => string[] } = { of: () => [] };
  /** What stands for numbers. */
  const standing: { of: StandingOf } = { of: NONE_STANDING };
  let n = 0;
  const prompts = scriptedWhispers();
  const recorder = createRecorder({
    ...prompts.deps,
    catalogue: seen,
    capture,
    segments: createSegments({
      capture,
      save: seen.segments.save,
      removeSpool: async (name) => void removed.push(name),
      lookBack: async () => {},
      spoolBorn: async (name) => born.get(name) ?? null,
      spooled: async () => spooled,
      token: () => token,
      log,
    }),
    hindrance: () => hindrance.why,
    standing: {
      holding: (...given) => standing.of.holding(...given),
      anyObjection: () => standing.of.anyObjection(),
    },
    ...{ codes, masksCards: true },
    listsOf: (number) => lists.of(number),
    alarms: { raise: (key) => void raised.push(key) },
    muteTrap: () => muteTrap,
    spoolAudio: async () => audio.held,
    rules: {
      pbx: FIRST,
      trunkContexts: ['from-trunk'],
      mint: mint ?? (() => `C${++n}`),
    },
    log,
    answers: async () => told,
    contexts: async () => new Map(),
    gapDuring: (from, to) => (gap.last && gap.last.from < to && (gap.last.to ?? to) > from ? gap.last : null),
    stalls: () => stalls,
    site: { timeZone: 'UTC', region },
    clock: () => T0 + clock * 10,
    onCapture: (result) => results.push(result),
    onCaptured: (id) => captured.push(id),
    onSaid: (said) => heard.push(said),
    undoMs,
  });
  t.teardown(() => recorder.stop());
  const { recover } = recorder;
  recorder.recover = async (snapshot, known) => {
    await recover(snapshot, known);
    if (gap.last) gap.last.to ??= snapshot.at; // it is watched from now on
  };
  return {
    dir: at,
    prompts,
    told,
    raised,
    gap,
    stalls,
    born,
    spooled,
    broken,
    hindrance,
    heard,
    lists,
    standing,
    audio,
    catalogue,
    recorder,
    removed,
    captured,
    results,
    saved,
    absorbed: absorbed.opened,
    hear: (...events: PbxEvent[]) => events.forEach(recorder.hear),
    /** What was said has been kept, and done. */
    said: async () => {
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      await recorder.idle();
    },
    /** What is in hand has been done. */
    idle: () => recorder.idle(),
    states: async (id: string) =>
      (await catalogue.segments.of(id)).map((s) => `${s.seq} ${s.legId} ${s.state}`),
  };
}

export let clock = 0;
/** So many hundredths of a second pass. */
export const pass = (hundredths: number): void => {
  clock += hundredths;
};
export const leg = (id: string, number: string, more: Partial<LegFacts> = {}): LegFacts => ({
  id,
  channel: `PJSIP/${number}-00000001`,
  linkedid: 'one',
  state: 'up',
  number,
  name: '',
  connectedNumber: '',
  connectedName: '',
  context: 'internal',
  exten: '',
  dnid: '',
  account: '',
  variables: {},
  createdAt: null,
  ...more,
});
export const ANN = leg('ann', '100', { dnid: '101', exten: '101' });
export const BOB = leg('bob', '101');
export const CY = leg('cy', '102');
export const OLGA = leg('olga', '+15550142', { context: 'from-trunk', exten: '5551000', dnid: '5551000' });

export const at = () => T0 + ++clock * 10;
export const rings = (l: LegFacts): PbxEvent => ({
  kind: 'leg',
  at: at(),
  leg: { ...l, state: l.exten ? 'ring' : 'ringing' },
});
export const answers = (l: LegFacts): PbxEvent => ({ kind: 'leg', at: at(), leg: l });
export const goes = (l: LegFacts): PbxEvent => ({ kind: 'leg-gone', at: at(), leg: l, cause: 16 });
export const joins = (l: LegFacts, bridge = 'b'): PbxEvent => ({
  kind: 'bridged',
  at: at(),
  leg: l,
  bridge,
  waiting: false,
});
export const leaves = (l: LegFacts, bridge = 'b'): PbxEvent => ({
  kind: 'unbridged',
  at: at(),
  leg: l,
  bridge,
});
/** `a` calls `b` and they speak. */
export const conversation = (a: LegFacts, b: LegFacts, bridge = 'b') => [
  rings(a),
  rings(b),
  answers(b),
  answers(a),
  joins(a, bridge),
  joins(b, bridge),
];
