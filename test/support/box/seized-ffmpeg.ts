import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  catalogueFile,
  catalogueFolder,
  controlSocket,
  keysFile,
  keysFolder,
  ownerSocket,
  recorderFolder,
  recordingsFolder,
  signingFolder,
  webFolder,
} from '../../../daemon/domain/paths.js';
import { createRemoteFfmpeg } from '../../../daemon/encode/apart/remote.js';
import { createEncoderProgram, ENCODER } from '../encoder.js';
import { unpackBefore } from './before-one-writer.js';
import { createBox, DASHBOARD, makeFolders, RECORDER } from './box.js';

type Try = { name: string; came: string };

/** An ffmpeg that was taken over, under a real encoder, beside a recorder that runs on real data with its unit's users and modes. */
export async function createSeizedFfmpeg() {
  const base = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  const box = createBox(base);
  unpackBefore(box.dataDir);
  makeFolders(box.dataDir);
  await box.start('run');
  const { dataDir, masterKey } = box;
  const mine = join(base, 'ffmpeg');
  mkdirSync(mine);
  copyFileSync(join(import.meta.dirname, 'seized-ffmpeg.mjs'), join(mine, 'taken.mjs'));
  writeFileSync(join(mine, 'ffmpeg'), `#!/bin/sh\nexec ${process.execPath} ${mine}/taken.mjs\n`);
  for (const name of ['', 'ffmpeg', 'taken.mjs']) chmodSync(join(mine, name), 0o755);
  const folders = [catalogueFolder, keysFolder, recordingsFolder, signingFolder, webFolder].map((of) =>
    of(dataDir),
  );
  const spool = join(base, 'spool');
  const places = {
    read: [
      ...[masterKey, join(base, 'etc/ari'), join(base, 'etc/ami'), keysFile(dataDir), catalogueFile(dataDir)],
      ...[dataDir, ...folders, spool],
    ],
    write: [
      ...[dataDir, ...folders, recorderFolder(dataDir), spool, mine].map((dir) => join(dir, 'x')),
      ...[catalogueFile(dataDir), keysFile(dataDir), box.config, masterKey],
    ],
    connect: [controlSocket(dataDir), ownerSocket(dataDir)],
    pids: [box.pid('run')],
  };
  writeFileSync(join(mine, 'places.json'), JSON.stringify(places));
  const program = createEncoderProgram({ ffmpeg: join(mine, 'ffmpeg'), owner: RECORDER });
  await program.start();

  return {
    box,
    socket: program.socket,
    async tryAll(): Promise<Try[]> {
      const run = createRemoteFfmpeg({ socket: program.socket }).decode(Readable.from([]), 8000, 60_000);
      const lines = (await text(run.stdout)).trim().split('\n');
      return lines.map((line) => JSON.parse(line) as Try);
    },
    /** What is not as SECURITY.md says. */
    findings(tries: Try[]): string[] {
      const expected = (name: string): RegExp => {
        if (name === 'user') return new RegExp(`^${ENCODER} ${ENCODER} (${ENCODER})?$`);
        if (name === 'capabilities') return /^0+$/;
        if (name === 'open descriptors') return /^$/;
        // No new socket at all: its unit denies the call. Without that it would be the folder's mode.
        if (name.startsWith('connect')) return /^(ENOSYS|EPERM)$/;
        return /^(EACCES|EPERM)$/;
      };
      const found = tries.filter(({ name, came }) => !expected(name).test(came));
      if (!tries.some(({ name }) => name === 'open descriptors')) return ['not everything was tried'];
      if (!box.running('run')) return ['the recorder has ended'];
      return found.map(({ name, came }) => `${name}: ${came}`);
    },
    users: { dashboard: DASHBOARD, group: RECORDER },
    async stop(): Promise<void> {
      await program.stop();
      await box.stop();
      rmSync(base, { recursive: true, force: true });
    },
  };
}
