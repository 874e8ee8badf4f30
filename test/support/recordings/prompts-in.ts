import { createFfmpeg } from '../../../daemon/encode/ffmpeg.js';
import { createPromptMaker } from '../../../daemon/encode/prompt.js';
import { createPromptFiles } from '../../../daemon/vault/prompts.js';

/** What makes and keeps prompts in a data directory. */
export const promptsIn = (dataDir: string) => ({
  makePrompt: createPromptMaker({ ffmpeg: createFfmpeg() }).make,
  keepPrompt: createPromptFiles(dataDir).keep,
});
