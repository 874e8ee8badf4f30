import t from 'tap';
import { announceAll } from '../../support/pbx/announce.js';

t.setTimeout(240_000);
await announceAll(t, 22);
