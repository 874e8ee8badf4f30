export { hashed, newCode, newRecoveryCode, newToken, plainCode } from '../../daemon/ops/secrets/codes.js';
