import { create } from 'qrcode';
import { totpUri } from '../../daemon/ops/secrets/totp.js';

/**
 * What an app is told of a secret (base32): as text to type, as an address, and as a QR code: the dark squares of `size` by
 * `size` as an SVG path.
 */
export function forApp(secret: string, names: { site: string; person: string }) {
  const uri = totpUri(secret, names);
  const { modules } = create(uri, { errorCorrectionLevel: 'M' });
  const { size, data } = modules;
  let path = '';
  for (let row = 0; row < size; row++)
    for (let from = 0; from < size; from++) {
      let until = from;
      while (until < size && data[row * size + until]) until++;
      if (until === from) continue;
      path += `M${from} ${row}h${until - from}v1h-${until - from}z`;
      from = until;
    }
  return { secret, uri, qr: { size, path } };
}
