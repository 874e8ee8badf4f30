import { readFileSync } from 'node:fs';
import { programFile } from './program-files.js';

/** Tapedeck's own version, from package.json. */
export const version = (): string => JSON.parse(readFileSync(programFile('package.json'), 'utf8')).version;
