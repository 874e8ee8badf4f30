import { createAnnouncing, inSpool } from './announcing.js';

/** A recorder that tells whoever calls, to be killed while it does: PBX, spool and prompt come as JSON in the first argument. */
const { pbx, recordingDir, file } = JSON.parse(process.argv[2]!);
const announcing = await createAnnouncing(pbx, (parts) => inSpool({ recordingDir }, parts, file));
process.stdout.write('ready\n');
setInterval(() => {
  if (announcing.heard.some((event) => event.kind === 'prompt-started')) process.stdout.write('playing\n');
}, 20);
