/** What `play` writes and `judge` reads: a day as those saw it who made the calls. Times are ms since 1970. */

/** Where an outside party is, by the number that calls. `asks`: the law there wants a yes before anything is captured. */
export type Place = { name: string; prefix: string; asks: boolean };

/** Who of a call presses a key, or nobody; by the dialplan the caller is asked before the phone rings. */
export const ANSWERERS = ['caller', 'agent', 'nobody', 'dialplan'] as const;
export type Answerer = (typeof ANSWERERS)[number];

export type Press = { who: 'caller' | 'agent'; key: string; at: number };

export type PlayedCall = {
  /** Of the caller: no other call has it. */
  number: string;
  place: string;
  asks: boolean;
  by: Answerer;
  /** Our own side's. */
  extension: string;
  /** When each had the other's answer, and when the caller hung up. */
  answeredAt: number;
  agentAt: number;
  endedAt: number;
  presses: Press[];
};

export type Day = {
  /** Hz: what every caller says all the time, and nobody else. */
  signal: number;
  calls: PlayedCall[];
  /** When the recorder was not there to hear anybody: from its kill until it had connected again. */
  away: { from: number; until: number }[];
};

/** In the folder of a day. Sound that phones heard is signed 16 bit, 8 kHz, mono, from the answer on. */
export const FILES = {
  day: 'day.json',
  catalogue: 'catalogue.db',
  report: 'report.csv',
  totals: 'totals.json',
  heard: (number: string, who: Press['who']) => `heard-${number.slice(1)}-${who}.s16`,
  manifest: (number: string) => `manifest-${number.slice(1)}.json`,
  audio: (number: string) => `audio-${number.slice(1)}.opus`,
};
