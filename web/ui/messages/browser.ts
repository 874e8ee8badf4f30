import { t } from './language.js';

/** Most say that they are several others too, so the order matters. */
const PROGRAMS: [sign: RegExp, name: string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\/|\bOpera\b/, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|Chromium|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/^curl\//, 'curl'],
];
const SYSTEMS: [sign: RegExp, name: string][] = [
  [/\bWindows\b/, 'Windows'],
  [/\b(iPhone|iPod)\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];
const first = (agent: string, of: [RegExp, string][]) => of.find(([sign]) => sign.test(agent))?.[1];

/** "Firefox on Windows", from what a browser says of itself. */
export function browserWords(agent: string): string {
  return t.people.sessions.browser({
    program: first(agent, PROGRAMS) ?? '',
    system: first(agent, SYSTEMS) ?? '',
  });
}
