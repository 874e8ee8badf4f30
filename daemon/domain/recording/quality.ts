/**
 * What one side of a recording sounds like, as it was measured. Levels are dBFS (a full-scale square wave is 0), digital
 * silence is -120; shares are 0 to 1.
 */
export type SideHeard = {
  /** Level while something is said (ITU-T P.56), for how long that is, and for how much of the time. */
  speechDb: number;
  activeMs: number;
  activeShare: number;
  /** Level in the pauses. Opus makes a faint noise fainter: -45 is -49 here, -60 is -78. */
  noiseDb: number;
  peakDb: number;
  /** Digital silence: not a sound, not even of a line. */
  zeroShare: number;
  /** Of the time in which something is said: at the limit of the scale, and lost on the way (estimated). */
  clippedShare: number;
  lostShare: number;
};
/** The likeliest echo of the other side in this one: `clearness` is how far it stands out, 4 to 7 by chance. */
export type EchoHeard = { db: number; delayMs: number; clearness: number };
export type Heard = {
  them: SideHeard;
  us: SideHeard;
  echoInThem: EchoHeard | null;
  echoInUs: EchoHeard | null;
};

export type SideQuality = {
  speechDb: number;
  noiseDb: number;
  peakDb: number;
  clippedShare: number;
  /** Nothing said. */
  silentShare: number;
  zeroShare: number;
  lostShare: number;
};

export const qualityFlags = ['silent', 'one_way', 'quiet', 'clipped', 'noisy', 'echo', 'lossy'] as const;
export type QualityFlag = (typeof qualityFlags)[number];

/** Whose phone or line a side is: an extension, or a line to the outside by its name in the PBX; with its PBX, see `qualified`. */
export type Ear = { kind: 'extension' | 'line'; name: string };

/** Measured once, while the recording is made. `them` is the left side, `us` the right one. */
export type Quality = {
  them: SideQuality;
  us: SideQuality;
  /** The side in which the other one is heard again, how far below its source in dB, and how late; null when there is none. */
  echo: { side: 'them' | 'us'; db: number; delayMs: number } | null;
  flags: { side: 'them' | 'us' | 'both'; flag: QualityFlag }[];
  ears: { them: Ear; us: Ear };
};

/** What is known of one phone or line in a time: how many recordings, and how many of them have each flag, or any. */
export type EarTrend = Ear & { calls: number; flagged: number; flags: Record<QualityFlag, number> };

/** Worst first: by the share of recordings with a fault, few of them counting for little. */
export function byHowBad(a: EarTrend, b: EarTrend): number {
  const bad = ({ flagged, calls }: EarTrend) => flagged / (calls + 5);
  return bad(b) - bad(a) || b.calls - a.calls || a.name.localeCompare(b.name);
}

/** No speech is so low; a line that is up and carries nothing is lower. In dBFS. */
export const SILENT_DB = -60;
/** The flags of one side, those of both included. */
export function flagsOf(quality: Quality, side: 'them' | 'us'): QualityFlag[] {
  return quality.flags.filter((f) => f.side === side || f.side === 'both').map((f) => f.flag);
}
