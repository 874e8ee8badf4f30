export { createKept } from '../../daemon/ops/kept.js';
