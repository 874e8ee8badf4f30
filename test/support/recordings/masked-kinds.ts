import { apartOf, coupledOf, opusOf } from './opus.js';

export const SECONDS = 12;
export const kinds: Record<string, Buffer> = {
  telephone: apartOf(SECONDS, 8000, '-application', 'voip', '-b:a', '24k'),
  wideband: apartOf(SECONDS, 16_000, '-application', 'voip', '-b:a', '24k'),
  'as good as it gets': apartOf(
    ...([SECONDS, 16_000, '-application', 'voip', '-b:a', '128k', '-compression_level', '10'] as const),
  ),
  'coupled, as the version before made it': coupledOf(SECONDS, 8000),
  'coupled, wideband, with a copy of the packet before': opusOf(
    ...([SECONDS, 16_000, '-application', 'voip', '-b:a', '40k', '-fec', '1', '-packet_loss', '20'] as const),
  ),
  'long packets': opusOf(SECONDS, 16_000, '-application', 'voip', '-b:a', '32k', '-frame_duration', '60'),
  music: opusOf(SECONDS, 48_000, '-application', 'audio', '-b:a', '96k'),
  'very short packets': opusOf(
    SECONDS,
    48_000,
    '-application',
    'lowdelay',
    '-frame_duration',
    '2.5',
    '-b:a',
    '64k',
  ),
};
