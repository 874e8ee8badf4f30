import { qualified } from '../pbx.js';
import {
  type Ear,
  type Heard,
  type Quality,
  type QualityFlag,
  SILENT_DB,
  type SideHeard,
  type SideQuality,
} from './quality.js';
import type { CallRecord, Gap, Leg } from './recording.js';

/** Clicks and a tone when the line is put through are no speech; each counts 200 ms longer than it is. In ms. */
const SILENT_MS = 1_000;
/** Within a shorter time together somebody may simply have said nothing. In ms. */
const TOGETHER_MS = 10_000;
/** What is measured of less speech than this is chance. In ms. */
const ENOUGH_MS = 3_000;
/** Speech is tested at -26 dBFS (ITU-T P.830); 12 dB less is less than half as loud. */
const QUIET_DB = -38;
/** Speech turned up by 3 dB touches the end of the scale for up to 0.02% of the time, by 6 dB for 0.17% to 0.25% of it. */
const CLIPPED_SHARE = 0.0015;
/** Noise so little below the speech is heard in every pause. In dB; and in dBFS what nobody hears on a telephone. */
const NOISE_BELOW_DB = 25;
/** What hardly changes is a tone, not speech with noise in its pauses. In dB. */
const STEADY_DB = 6;
const NOISE_DB = -60;
/** Chance gives 7 at most, an echo that is 40 dB down 37. */
const ECHO_CLEARNESS = 15;
/** Further below the voice nobody is disturbed by it; what Opus does to it makes the figure too large. In dB. */
const ECHO_BELOW_DB = 45;
/** Of clean speech up to 0.5 % looks like lost packets; of 5 % really lost, 3 % are found. */
const LOST_SHARE = 0.015;

/** Says in flags what is wrong with a recording. A side of which much was not captured is not called silent. */
export function judgeQuality(heard: Heard, call: CallRecord, gaps: Gap[]): Quality {
  const flags: Quality['flags'] = [];
  const silent = { them: isSilent(heard.them), us: isSilent(heard.us) };
  const together = togetherMs(call);
  const known = (side: 'them' | 'us') => together - missing(gaps, side) >= TOGETHER_MS;
  if (silent.them && silent.us) {
    if (known('them') && known('us')) flags.push({ side: 'both', flag: 'silent' });
  } else
    for (const side of ['them', 'us'] as const)
      if (silent[side] && known(side)) flags.push({ side, flag: 'one_way' });
  for (const side of ['them', 'us'] as const) {
    const s = heard[side];
    if (silent[side] || s.activeMs < ENOUGH_MS) continue;
    const has = (flag: QualityFlag, is: boolean) => is && flags.push({ side, flag });
    has('quiet', s.speechDb < QUIET_DB);
    has('clipped', s.clippedShare >= CLIPPED_SHARE);
    const above = s.speechDb - s.noiseDb;
    has('noisy', s.noiseDb > NOISE_DB && above < NOISE_BELOW_DB && above > STEADY_DB);
    has('lossy', s.lostShare >= LOST_SHARE);
  }
  const echo = echoOf(heard);
  if (echo) flags.push({ side: echo.side, flag: 'echo' });
  const ears = { them: earOf(call, 'them'), us: earOf(call, 'us') };
  return { them: rounded(heard.them), us: rounded(heard.us), echo, flags, ears };
}

/** For how long two people or more were on a call at the same time, in ms. */
function togetherMs(call: Pick<CallRecord, 'legs' | 'endedAt'>): number {
  const ups = call.legs.filter((l) => l.upAt !== null).map((l) => ({ from: l.upAt!, to: end(l, call) }));
  const times = [...new Set(ups.flatMap((u) => [u.from, u.to]))].sort((a, b) => a - b);
  let together = 0;
  for (const [i, from] of times.entries()) {
    const to = times[i + 1] ?? from;
    if (ups.filter((u) => u.from <= from && to <= u.to).length > 1) together += to - from;
  }
  return together;
}

/** Of several of ours that took part it is the one that was on the call for longest. */
function earOf(call: CallRecord, side: 'them' | 'us'): Ear {
  const party = side === 'them' ? call.them : call.us;
  const longest = call.legs
    .filter((l) => l.party.ours === party.ours && l.upAt !== null)
    .filter(
      (l) => call.direction !== 'internal' || (l.party.number === call.them.number) === (side === 'them'),
    )
    .sort((a, b) => end(b, call) - b.upAt! - (end(a, call) - a.upAt!))[0];
  const name = party.ours
    ? longest?.party.number || party.number || longest?.endpoint || ''
    : longest?.endpoint || call.did;
  return { kind: party.ours ? 'extension' : 'line', name: qualified(call.pbx, name) };
}

const end = (leg: Leg, call: Pick<CallRecord, 'endedAt'>): number =>
  leg.goneAt ?? call.endedAt ?? leg.upAt ?? leg.seenAt;

function isSilent(side: SideHeard): boolean {
  return side.speechDb < SILENT_DB || side.activeMs < SILENT_MS;
}

function missing(gaps: Gap[], side: 'them' | 'us'): number {
  return gaps
    .filter((g) => g.side === side || g.side === 'both')
    .reduce((sum, g) => sum + g.untilMs - g.atMs, 0);
}

function echoOf({ echoInThem, echoInUs }: Heard): Quality['echo'] {
  const clear = (
    [
      ['them', echoInThem],
      ['us', echoInUs],
    ] as const
  ).flatMap(([side, e]) =>
    e && e.clearness >= ECHO_CLEARNESS && e.db <= ECHO_BELOW_DB
      ? [{ side, db: tenth(e.db), delayMs: Math.round(e.delayMs) }]
      : [],
  );
  return clear.sort((a, b) => a.db - b.db)[0] ?? null;
}

const tenth = (x: number) => Math.round(x * 10) / 10;
const share = (x: number) => Math.round(x * 10_000) / 10_000;

function rounded(side: SideHeard): SideQuality {
  return {
    speechDb: tenth(side.speechDb),
    noiseDb: tenth(side.noiseDb),
    peakDb: tenth(side.peakDb),
    clippedShare: share(side.clippedShare),
    silentShare: share(1 - side.activeShare),
    zeroShare: share(side.zeroShare),
    lostShare: share(side.lostShare),
  };
}
