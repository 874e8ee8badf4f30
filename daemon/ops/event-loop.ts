import { monitorEventLoopDelay } from 'node:perf_hooks';

/** In ms. A figure is of the last one to two minutes. */
const SAMPLE = 10;
const PERIOD = 60_000;

/** How late this process comes to what it has to do. */
export function createEventLoopWatch() {
  const delays = monitorEventLoopDelay({ resolution: SAMPLE });
  let before = 0;
  let timer: NodeJS.Timeout | undefined;
  // The histogram counts from one sample to the next, so an idle process has the sampling time in it.
  const p99 = () => Math.max(0, delays.percentile(99) / 1e6 - SAMPLE);

  return {
    start(): void {
      delays.enable();
      timer = setInterval(() => {
        before = p99();
        delays.reset();
      }, PERIOD);
      timer.unref();
    },
    stop(): void {
      clearInterval(timer);
      delays.disable();
    },
    /** 99 of 100 samples were not later than this, in ms. */
    p99Ms: () => Math.round(Math.max(before, p99()) * 10) / 10,
  };
}
