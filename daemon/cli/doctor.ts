import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { TapedeckError } from '../domain/error.js';
import { judge, roomInWords } from '../domain/operations/room.js';
import { catalogueFile } from '../domain/paths.js';
import { sizeText } from '../domain/written.js';
import { createFfmpeg } from '../encode/ffmpeg.js';
import type { Config } from '../ops/config-schema.js';
import { ask } from '../ops/control-client.js';
import { readDisk } from '../ops/disk.js';
import type { CliContext } from './common/context.js';
import { access } from './doctor/access.js';
import { cdrReaders, cdrs } from './doctor/cdr.js';
import { bad, broken, type Finding, line, ok, warn } from './doctor/finding.js';
import { data, nearest, spool } from './doctor/folders.js';
import { reach, timeZone } from './doctor/machine.js';
import { directory, provider } from './doctor/outside.js';
import { ami, ari, priority } from './doctor/pbx.js';
import { testCalls } from './doctor/test-calls.js';
import { tls } from './doctor/tls.js';
import { coreDumps, keys, liveAudio, openKeyFiles, swap } from './doctor/vault.js';

const MB = 1e6;

/** `tapedeck doctor`: is everything there that the daemon needs, and if not, the one thing to do. */
export function doctor(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description(
      'check PBX, permissions, CDRs, spool, disks, clocks and keys, and tell how to fix each problem',
    )
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExit code 0 if nothing failed (warnings are allowed), 1 otherwise.')
    .action(async (options: { json?: boolean }) => {
      const findings = await examine(context);
      if (options.json) context.out(`${JSON.stringify(findings, null, 2)}\n`);
      else for (const f of findings) context.out(line(f));
      if (findings.some((f) => f.state === 'fail')) process.exitCode = 1;
    });
}

/** Looks at everything at once. What a look throws is what it found. */
async function examine(context: CliContext): Promise<Finding[]> {
  const config = context.config();
  type Looks = Record<string, Promise<Finding | Finding[]>>;
  const all = async (looks: Looks): Promise<Finding[]> => {
    const found = Object.entries(looks).map(([check, look]) => look.catch((e) => broken(check, e)));
    return (await Promise.all(found)).flat();
  };
  // What takes secrets that only root may read.
  const first = await all({
    'PBX (ARI)': ari(config),
    'PBX (AMI)': ami(config),
    'PBX priority': priority(),
    'PBX reach': reach(config),
    'time zone': Promise.resolve(timeZone(config)),
    spool: spool(config),
    data: data(config),
    ffmpeg: ffmpeg(config),
    'live audio': liveAudio(config),
    swap: swap(),
    'CDR sources': cdrReaders(config),
    directory: directory(config),
    provider: provider(config),
  });
  await context.holdMaster();
  const open = openKeyFiles(config);
  // What is in the data directory, as its owner.
  const dir = context.data();
  const then = await all({
    room: room(config),
    keys: keys(context, open),
    access: access(config),
    'core dumps': coreDumps(config),
    daemon: daemon(config),
    ...(existsSync(catalogueFile(dir)) && {
      'test calls': testCalls(context),
      CDRs: cdrs(context),
    }),
    TLS: tls(config),
  });
  return [...first, ...then];
}

/** Whether the disks have what the daemon keeps free on them. One that is both has to have both reserves. */
async function room(config: Config): Promise<Finding[]> {
  const data = { of: 'data', dir: config.data.dir, mb: config.data.reserve_mb };
  const spool = { of: 'spool', dir: config.pbx.spool, mb: config.pbx.spool_reserve_mb };
  const [d, s] = await Promise.all([readDisk(nearest(data.dir)), readDisk(spool.dir)]);
  const one = d && s && d.device === s.device;
  const disks = one
    ? [{ of: 'data, spool', dir: `${data.dir} and ${spool.dir}`, mb: data.mb + spool.mb, has: d }]
    : [
        { ...data, has: d },
        { ...spool, has: s },
      ];
  return disks.flatMap(({ of, dir, mb, has }) => {
    if (!has) return [];
    const { level, why } = judge({ ...has, fault: null }, mb * MB, 'enough', `The disk of ${dir}`);
    if (level === 'enough')
      return ok(
        `room (${of})`,
        `${dir}: ${sizeText(has.freeBytes)} free; ${sizeText(mb * MB)} are kept in reserve.`,
      );
    const says = roomInWords(why);
    const todo = 'Free some space, give it a larger disk, or set a smaller reserve.';
    return level === 'short'
      ? warn(`room (${of})`, says, todo)
      : bad(`room (${of})`, `${says} Nothing new is recorded so.`, todo);
  });
}

async function ffmpeg(config: Config): Promise<Finding> {
  const { version, libopus } = await createFfmpeg({ path: config.encode.ffmpeg }).version();
  if (!libopus)
    return bad(
      'ffmpeg',
      `ffmpeg ${version} cannot make Opus.`,
      "Install a build with libopus; Debian's has it.",
    );
  return ok('ffmpeg', `ffmpeg ${version} with libopus`);
}

async function daemon(config: Config): Promise<Finding> {
  try {
    const status = await ask(config.data.dir, 'status');
    return ok('daemon', `Runs: ${status.calls_now} calls now, ${status.recording_now} being recorded.`);
  } catch (e) {
    return warn('daemon', (e as TapedeckError).message, (e as TapedeckError).hint);
  }
}
