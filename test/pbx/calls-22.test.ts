import t from 'tap';
import { playAll } from '../support/pbx/play.js';

// Two minutes and a half where nothing else runs.
t.setTimeout(480_000);
await playAll(t, 22);
