// Holds what a run has taken against its budget of processor seconds. Minutes depend on the machine and on what runs beside;
// seconds of processor time depend on the processor alone, and that is calibrated in the same run.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** So much more than its budget a run may take, because what is measured varies by as much. */
const TOLERANCE = 1.2;
/** So often the processor is measured. */
const EVERY_MS = 20_000;
/** So many files are named that have grown. */
const MAX_NAMED = 10;

const CALIBRATE = `${import.meta.dirname}/calibrate.mjs`;

/**
 * Measures how long the processor takes for the same piece of work, before, while and after files run, for processors do less where
 * both of their halves are busy. `end` stops and returns what was measured, each in seconds of processor time.
 */
export function calibrateMeanwhile() {
  const measured = [];
  let running = null;
  const measure = () => {
    running ??= new Promise((resolve) => {
      const child = execFile(process.execPath, [CALIBRATE], (e, stdout) => {
        running = null;
        if (!e) measured.push(Number(stdout));
        resolve();
      });
      // It waits for whatever tests need: what it takes is processor time, and that does not grow meanwhile.
      setPriority(child.pid, constants.priority.PRIORITY_LOW);
    });
    return running;
  };
  const timer = setInterval(measure, EVERY_MS);
  return {
    begun: measure(),
    async end() {
      clearInterval(timer);
      await running;
      await measure();
      return measured;
    },
  };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/**
 * Judges a run: `cpu` is the processor seconds of each file that ran, `known` those of the run whose figures are kept.
 * Returns `lines` to print, and whether it `fits`; without a budget, as for a few files, it does.
 */
export function judge({ selection, total, calibrations, cpu, known }) {
  const { calibration, seconds } = JSON.parse(readFileSync('test/budgets.json', 'utf8'));
  const speed = median(calibrations) / calibration;
  const budget = seconds[selection];
  if (!budget) return { fits: true, lines: [], speed };
  const allowed = budget * speed;
  const lines = [
    `${selection}: ${total.toFixed(0)} s of processor time, budget ${allowed.toFixed(0)} s ` +
      `(${budget} s, on a processor that takes ${speed.toFixed(2)} times as long as the reference)`,
  ];
  const fits = total <= allowed * TOLERANCE;
  if (fits) return { fits, lines, speed };
  const grown = Object.entries(cpu)
    .map(([file, seconds]) => ({ file, by: seconds / speed - (known[file]?.cpu ?? 0) }))
    .sort((a, b) => b.by - a.by)
    .slice(0, MAX_NAMED);
  lines.push(
    `failed: ${selection} is over its budget by more than a fifth. These files grew most against test/times.json:`,
    ...grown.map(({ file, by }) => `  ${by.toFixed(1).padStart(6)} s  ${file}`),
    'Make room first: share a server, copy a fixture, put cases into one run; CONTRIBUTING.md says how.',
  );
  return { fits, lines, speed };
}
