/** How often is told what has sounded, in ms. */
const TELL_MS = 15_000;

type Stretch = [from: number, until: number];

/**
 * Keeps which stretches of a recording have really sounded, and tells of them now and then and when it stops. Times are
 * milliseconds on the recording.
 */
export function createSounded(tell: (id: string, heard: Stretch[]) => Promise<void>) {
  let id: string | null = null;
  let stretches: Stretch[] = [];
  /** Goes on growing while it plays; null after a jump or a pause. */
  let current: Stretch | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function send(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const heard = stretches
      .filter(([from, until]) => until > from)
      .map(([from, until]): Stretch => [Math.round(from), Math.round(until)]);
    // What goes on playing goes on from here.
    current = current && [current[1], current[1]];
    stretches = current ? [current] : [];
    if (id !== null && heard.length > 0) await tell(id, heard);
  }

  return {
    /** It plays, and has come to here without a jump. */
    at(of: string, ms: number): void {
      if (id !== of) {
        void send();
        id = of;
        current = null;
        stretches = [];
      }
      if (current && ms >= current[1]) current[1] = ms;
      else {
        current = [ms, ms];
        stretches.push(current);
      }
      timer ??= setTimeout(() => void send(), TELL_MS);
    },
    /** It jumps: what follows is another stretch. */
    cut(): void {
      current = null;
    },
    /** It pauses, the player is emptied, or the page goes; resolves when that has been heard of. */
    end(): Promise<void> {
      current = null;
      return send();
    },
  };
}
