import { randomBytes } from 'node:crypto';

const LIFE_MS = 60_000;

export type Passes = ReturnType<typeof createPasses>;

/** Passes for one thing and one use within a minute: 128 random bits, known to this process and to who is given one. */
export function createPasses({ clock }: { clock: () => number }) {
  const given = new Map<string, { thing: string; until: number }>();

  function sweep(): void {
    for (const [pass, { until }] of given) if (clock() >= until) given.delete(pass);
  }

  return {
    /** A pass for this thing: 22 letters, digits, - and _. */
    give(thing: string): string {
      sweep();
      const pass = randomBytes(16).toString('base64url');
      given.set(pass, { thing, until: clock() + LIFE_MS });
      return pass;
    },
    /** Whether it is good for this thing. Used up by being asked for, whatever the answer. */
    take(pass: string, thing: string): boolean {
      sweep();
      const found = given.get(pass);
      given.delete(pass);
      return found?.thing === thing;
    },
  };
}
