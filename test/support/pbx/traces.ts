import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import {
  type CallState,
  type Effect,
  emptyState,
  step,
  type TrackRules,
} from '../../../daemon/domain/call/call.js';
import type { PbxEvent } from '../../../daemon/domain/call/event.js';
import { factsOf } from '../../../daemon/domain/call/facts-of.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import type { CallId, CallRecord, LegId } from '../../../daemon/domain/recording/recording.js';
import { DIGITS, translateAri, UNWANTED } from '../../../daemon/pbx/translate.js';
import { translateAmi } from '../../../daemon/pbx/translate-ami.js';

const DIR = fileURLToPath(new URL('../../fixtures/traces/', import.meta.url));

/** A kind of call as it was recorded on one version of Asterisk. `name` is what its two files have in common: `hold/22`. */
export type Trace = { name: string; scenario: string; version: 16 | 22 };
/** What one of the two connections brought, and when (`at`: ms since 1970 by the clock of the one who received it). */
export type Heard = { at: number; from: 'ari' | 'ami'; raw: Record<string, unknown> };

/** All recorded traces, by scenario and version. */
export function traces(): Trace[] {
  return readdirSync(DIR, { recursive: true, encoding: 'utf8' })
    .map((file) => /^(.+)\/(16|22)\.ari\.jsonl\.gz$/.exec(file))
    .filter((found) => found !== null)
    .map(([, scenario, version]) => ({
      name: `${scenario}/${version}`,
      scenario: scenario!,
      version: (version === '16' ? 16 : 22) as 16 | 22,
    }))
    .sort((a, b) => a.scenario.localeCompare(b.scenario) || a.version - b.version);
}

/** The ARI and AMI traffic of a trace, merged in the order in which it was received. */
export function readTrace(name: string): Heard[] {
  const text = (file: string) => gunzipSync(readFileSync(`${DIR}${file}.gz`)).toString('utf8');
  const ari = text(`${name}.ari.jsonl`)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): Heard => {
      const { _t, ...raw } = JSON.parse(line) as Record<string, unknown>;
      return { at: Number(_t), from: 'ari', raw };
    });
  const ami = text(`${name}.ami.txt`)
    .split(/\r?\n\r?\n/)
    .flatMap((block) => readAmi(block) ?? []);
  return [...ari, ...ami].sort((a, b) => a.at - b.at);
}

/** "# time" and then "Key: value" lines. A key that comes again makes a list. */
function readAmi(block: string): Heard | null {
  const [head, ...lines] = block.split(/\r?\n/).filter((line) => line !== '');
  const at = Number(/^# (\d+)$/.exec(head ?? '')?.[1]);
  if (!Number.isFinite(at)) return null;
  const raw: Record<string, unknown> = {};
  for (const line of lines) {
    const [, key, value] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    if (key === undefined) continue;
    raw[key] = key in raw ? [raw[key], value].flat() : value;
  }
  return { at, from: 'ami', raw };
}

/** The trace in the words of the domain, without what a connected Tapedeck asks not to be sent. */
export function eventsOf(name: string): PbxEvent[] {
  return readTrace(name)
    .filter((h) => h.from === 'ami' || ![...UNWANTED, DIGITS].includes(String(h.raw.type)))
    .flatMap((h) => (h.from === 'ari' ? translateAri(h.raw, h.at) : translateAmi(h.raw, h.at)) ?? []);
}

/** Rules of the laboratory that made the traces; calls are named C1, C2 and so on. */
export function labRules(): TrackRules {
  let n = 0;
  return { pbx: FIRST, trunkContexts: ['from-trunk'], mint: () => `C${++n}` };
}

export type Followed = {
  state: CallState;
  effects: Effect[];
  /** Each call as it was last told of, in the order in which they began. */
  calls: CallRecord[];
  ended: Set<CallId>;
  /** The legs that were anchor, in that order; one that comes back is there again. */
  anchors: Map<CallId, LegId[]>;
  /** The conditions of the policy as they were last. */
  extensions: Map<CallId, string[]>;
};

/** What a tracker makes of these events. */
export function follow(events: PbxEvent[], rules = labRules(), from = emptyState): Followed {
  let state = from;
  const effects: Effect[] = [];
  for (const event of events) {
    const next = step(state, event, rules);
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects, ...outcome(effects) };
}

function outcome(effects: Effect[]): Omit<Followed, 'state' | 'effects'> {
  const calls = new Map<CallId, CallRecord>();
  const ended = new Set<CallId>();
  const anchors = new Map<CallId, LegId[]>();
  const extensions = new Map<CallId, string[]>();
  for (const effect of effects) {
    if (effect.kind === 'absorbed') {
      calls.delete(effect.from);
      anchors.delete(effect.from);
      extensions.delete(effect.from);
      continue;
    }
    const { id } = effect.call;
    calls.set(id, effect.call);
    extensions.set(id, factsOf(effect.call, { timeZone: 'UTC', region: '' }).extensions);
    if (effect.kind === 'ended') ended.add(id);
    const before = anchors.get(id) ?? [];
    if (effect.anchor && before.at(-1) !== effect.anchor) anchors.set(id, [...before, effect.anchor]);
  }
  return { calls: [...calls.values()], ended, anchors, extensions };
}
