import { readFileSync } from 'node:fs';

/** Seconds of processor time: of a process itself, and of its children that have ended. Source: proc_pid_stat(5). */
export function processorTime(pid: number): { own: number; children: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .map(Number);
  return { own: (fields[11]! + fields[12]!) / 100, children: (fields[13]! + fields[14]!) / 100 };
}
