import t from 'tap';
import { announceAll } from '../../support/pbx/announce.js';

await announceAll(t, 22);
