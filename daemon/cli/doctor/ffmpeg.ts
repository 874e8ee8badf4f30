import { ffmpegOf } from '../../encode/chosen.js';
import type { Config } from '../../ops/config-schema.js';
import { bad, type Finding, ok, warn } from './finding.js';

/** Whether ffmpeg can be run and can make Opus. Throws what running it does. */
export async function ffmpeg({ encode }: Pick<Config, 'encode'>): Promise<Finding> {
  const { version, libopus } = await ffmpegOf(encode).version();
  if (!libopus)
    return bad(
      'ffmpeg',
      `ffmpeg ${version} cannot make Opus.`,
      "Install a build with libopus; Debian's has it.",
    );
  const found = `ffmpeg ${version} with libopus`;
  if (encode.socket) return ok('ffmpeg', `${found}, run by the encoder at ${encode.socket}`);
  return warn(
    'ffmpeg',
    `${found}, run as the recorder's own user. If crafted audio takes it over, it can read the keys.`,
    'Start the encoder (docs/operate/services.md, "The encoder"), and set socket = "/run/tapedeck-encoder/sock" in [encode] of tapedeck.toml.',
  );
}
