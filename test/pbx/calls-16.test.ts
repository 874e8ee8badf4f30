import t from 'tap';
import { playAll } from '../support/pbx/play.js';

await playAll(t, 16);
