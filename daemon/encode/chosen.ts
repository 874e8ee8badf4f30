import type { Config } from '../ops/config-schema.js';
import { createRemoteFfmpeg } from './apart/remote.js';
import { createFfmpeg, type Ffmpeg } from './ffmpeg.js';

/** ffmpeg as [encode] has it: the encoder's, where its socket is named, or a child of this process. */
export const ffmpegOf = ({ socket, ffmpeg }: Pick<Config['encode'], 'socket' | 'ffmpeg'>): Ffmpeg =>
  socket ? createRemoteFfmpeg({ socket }) : createFfmpeg({ path: ffmpeg });
