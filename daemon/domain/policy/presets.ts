import type { Policy, RecordRule } from './policy.js';

/** Recording rules to start from. They are filled into the form, and nothing is saved. */

export const presetIds = ['everything', 'outside', 'queue', 'on_demand', 'payments'] as const;
export type PresetId = (typeof presetIds)[number];

export type Preset = {
  id: PresetId;
  /** Whether it is about queues that somebody has to name. */
  queues: boolean;
  rules: (queues: string[]) => RecordRule[];
};

export const PRESETS: readonly Preset[] = [
  { id: 'everything', queues: false, rules: () => [] },
  {
    id: 'outside',
    queues: false,
    rules: () => [
      {
        name: 'Internal calls',
        reason: 'Calls between colleagues are not recorded.',
        when: { direction: ['internal'] },
        outcome: 'skip',
      },
    ],
  },
  {
    id: 'queue',
    queues: true,
    rules: (queue) => [
      { name: 'Queue', reason: 'Calls of this queue are recorded.', when: { queue }, outcome: 'record' },
      { name: 'All other calls', reason: 'Only calls of the queue are recorded.', when: {}, outcome: 'skip' },
    ],
  },
  {
    id: 'on_demand',
    queues: false,
    rules: () => [
      {
        name: 'On demand',
        reason: 'A call is kept only if somebody asks for it during the call or in the minute after.',
        when: {},
        outcome: 'on_demand',
      },
    ],
  },
  {
    id: 'payments',
    queues: true,
    rules: (queue) => [
      {
        name: 'Payments',
        reason: 'Card numbers must not be recorded.',
        when: { queue },
        outcome: 'skip',
      },
    ],
  },
];

/** A policy with the rules of a preset in place of its recording rules. */
export const withPreset = (policy: Policy, { rules }: Preset, queues: string[]): Policy => ({
  ...policy,
  record: rules(queues),
});
