import { createFfmpeg } from '../../../daemon/encode/ffmpeg.js';
import { createPromptMaker } from '../../../daemon/encode/prompt.js';
import { createPromptFiles } from '../../../daemon/vault/prompts.js';

const prompts = createPromptMaker({ ffmpeg: createFfmpeg() });

/** What makes and keeps prompts in a data directory. */
export const promptsIn = (dataDir: string) => ({
  makePrompt: prompts.make,
  speakPrompt: prompts.speak,
  keepPrompt: createPromptFiles(dataDir).keep,
});
