import type { PromptKind } from '../../../daemon/domain/telling/prompt.js';
import type { Language } from '../../../daemon/domain/telling/schema.js';
import type { PromptName } from '../../../test/support/pbx/pbx.js';
import type { CallView } from '../../../test/support/recorder.js';

/** The people of the demo, under the names that its PBX gives their extensions. */
export const CALLER_IDS = {
  100: 'Anna Field',
  101: 'Ben Orchard',
  102: 'Carla Reyes',
  103: 'Dana Wolff',
  104: 'Erik Lund',
  105: 'Fay Marsh',
  106: 'Gil Santos',
} as const;

/** Who is recorded only if somebody asks for it. */
export const ON_DEMAND = '+46850550101';
/** What people on phones heard: who, and the samples (8 kHz) of all that came to them. */
export type HeardBy = Record<string, Int16Array>;
/** How the people of a call were told that it is recorded. */
type Announced = { kind: PromptKind; language: Language; heard: HeardBy };

/** A call that `--once` looks for: what each side says, in order, and what must be on record. */
export type Expected = {
  what: string;
  find: (c: CallView) => boolean;
  coverage: 'recorded' | 'excluded' | 'declined' | 'none';
  left: PromptName[];
  right: PromptName[];
  /** Kinds of marks that its timeline must have. */
  marks?: string[];
  announced?: Announced;
  /** Its recording has silence where it was masked, and speech elsewhere. */
  masked?: true;
};

/** The calls of the demo; what the people heard who were told and asked is looked for in their recordings. */
export const expectedCalls = ({
  inMadrid,
  inBerlin,
}: {
  inMadrid: HeardBy;
  inBerlin: HeardBy;
}): Expected[] => [
  {
    what: 'Pilar Ortega, who was told',
    find: (c) => c.them.number === '+34915550123',
    coverage: 'recorded',
    left: ['tt-weasels'],
    right: [],
    announced: { kind: 'announce', language: 'es', heard: inMadrid },
  },
  {
    what: 'Jonas Brandt, who was asked',
    find: (c) => c.them.number === '+4930901821',
    coverage: 'recorded',
    left: [],
    right: [],
    announced: { kind: 'ask', language: 'de', heard: inBerlin },
  },
  {
    what: 'Nora Albers, for whom Gil agreed',
    find: (c) => c.them.number === '+494012345678',
    coverage: 'excluded',
    left: [],
    right: [],
  },
  {
    what: 'payment',
    find: (c) => c.them.number === '020794600555',
    coverage: 'recorded',
    left: [],
    right: [],
    masked: true,
  },
  {
    what: 'Marta Silva, who declined',
    find: (c) => c.them.number === '+351213460123',
    coverage: 'declined',
    left: [],
    right: [],
  },
  {
    what: 'Solveig Lind, on demand',
    find: (c) => c.them.number === ON_DEMAND,
    coverage: 'recorded',
    left: ['tt-weasels'],
    right: ['vm-intro'],
  },
  {
    what: 'Ines Okafor and Anna',
    find: (c) => c.them.number === '+442079460123' && c.us.name === CALLER_IDS[100],
    coverage: 'recorded',
    left: ['tt-weasels'],
    right: ['demo-thanks'],
  },
  {
    what: 'Jo Park, the queue and Ben',
    find: (c) => c.them.number === '+13125550144' && c.us.name === CALLER_IDS[101],
    coverage: 'recorded',
    left: ['tt-weasels'],
    right: ['vm-intro'],
    marks: ['queue', 'agent'],
  },
  {
    what: 'Dana to the outside',
    find: (c) => c.them.number === '020794600999' && c.us.name === CALLER_IDS[103],
    coverage: 'recorded',
    left: ['vm-intro'],
    right: ['tt-weasels'],
    marks: ['hold'],
  },
  {
    what: 'Lena Vogt, from Erik to Fay',
    find: (c) => c.them.number === '+4930901820',
    coverage: 'recorded',
    left: ['tt-weasels'],
    right: ['demo-thanks', 'tt-weasels'],
    marks: ['transfer'],
  },
  {
    what: 'echo test',
    find: (c) => c.us.number === '950',
    coverage: 'recorded',
    left: ['tt-weasels'],
    right: ['tt-weasels'],
  },
  {
    what: 'emergency call',
    find: (c) => c.them.number === '112',
    coverage: 'excluded',
    left: [],
    right: [],
  },
  {
    what: 'unanswered call',
    find: (c) => c.them.name === CALLER_IDS[106] && c.us.number === '102',
    coverage: 'none',
    left: [],
    right: [],
  },
];
