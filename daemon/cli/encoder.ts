import { chmodSync, rmSync } from 'node:fs';
import type { Command } from 'commander';
import { fail } from '../domain/error.js';
import { createEncoderServer } from '../encode/apart/server.js';
import { createFfmpeg } from '../encode/ffmpeg.js';
import { createLog } from '../ops/log.js';
import { noCoreDumps } from '../ops/process/core-dumps.js';
import { passedSocket } from '../ops/process/passed-socket.js';
import { untilSignal } from '../ops/process/signal.js';
import type { CliContext } from './common/context.js';

/** `tapedeck encoder`: runs ffmpeg for the recorder, as another user. It reads no configuration and opens no file. */
export function encoder(program: Command, _context: CliContext): void {
  program
    .command('encoder')
    .description('run ffmpeg for the recorder, as a user of its own')
    .option('--socket <path>', 'listen here; without it, on the socket that systemd passes')
    .option('--ffmpeg <program>', 'the ffmpeg program', 'ffmpeg')
    .addHelpText(
      'after',
      '\nReads no configuration. The recorder finds it by [encode] socket in tapedeck.toml. Anyone who may connect to the socket may\nhave audio encoded and decoded, and nothing else. SIGTERM ends it and what it is making; the recorder tries again.',
    )
    .action(async ({ socket, ffmpeg }: { socket?: string; ffmpeg: string }) => {
      const log = createLog('info', 'encoder');
      if (!(await noCoreDumps()))
        log.warn('Core dumps could not be turned off: a crash may write speech to the disk');
      const fd = passedSocket();
      if (socket === undefined && fd === null)
        throw fail(
          'config_invalid',
          'The encoder has no socket: systemd passed none, and --socket is not given.',
        );
      const server = createEncoderServer({ ffmpeg: createFfmpeg({ path: ffmpeg }), log });
      const ended = untilSignal(log, 'the encoder ends');
      if (socket === undefined) await server.listen({ fd: fd! });
      else await listenAt(socket, server.listen);
      log.info({ event: 'ready' }, 'the encoder is ready');
      await ended;
      await server.stop();
    });
}

/** Listens at a path for this user and this group. What is there was left by an encoder that was killed. */
async function listenAt(path: string, listen: (at: { path: string }) => Promise<void>): Promise<void> {
  rmSync(path, { force: true });
  const before = process.umask(0o177);
  try {
    await listen({ path });
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o660);
}
