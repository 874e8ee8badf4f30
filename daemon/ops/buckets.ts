export { type Buckets, createBuckets, type Limit } from '../../daemon/ops/buckets.js';
