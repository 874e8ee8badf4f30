import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { fail, type TapedeckError } from '../domain/error.js';
import { judge, roomInWords } from '../domain/operations/room.js';
import { catalogueFile } from '../domain/paths.js';
import { sizeText } from '../domain/written.js';
import type { Config, PbxConfig } from '../ops/config-schema.js';
import { ask } from '../ops/control-client.js';
import { readDisk } from '../ops/disk.js';
import { asUser } from '../ops/process/become.js';
import type { CliContext } from './common/context.js';
import { serviceUser } from './common/service-user.js';
import { access } from './doctor/access.js';
import { announcements, promptsRefused, purposeSaid } from './doctor/announcements.js';
import { approvals } from './doctor/approvals.js';
import { archive } from './doctor/archive.js';
import { backupKeys } from './doctor/backup-keys.js';
import { cdrBackend, cdrFiles, cdrReaders, cdrs } from './doctor/cdr.js';
import { clockSync } from './doctor/clock.js';
import { connections } from './doctor/connection.js';
import { freepbx, origins, trunkContexts } from './doctor/contexts.js';
import { ffmpeg } from './doctor/ffmpeg.js';
import { bad, broken, type Finding, line, ok, warn } from './doctor/finding.js';
import { applyFixes, type Fixed, planFixes } from './doctor/fix.js';
import { data, nearest, spool } from './doctor/folders.js';
import { keyCopy } from './doctor/key-copy.js';
import { country, reach, timeZone } from './doctor/machine.js';
import { auditCopies, namesKept } from './doctor/off-box.js';
import { directory, mailServer, provider } from './doctor/outside.js';
import { ami, ari, priority } from './doctor/pbx.js';
import { restart } from './doctor/restart.js';
import { testCalls, voices } from './doctor/sound.js';
import { tls } from './doctor/tls.js';
import { unitLimits } from './doctor/unit-limits.js';
import { mounts, originals, portOwners, ports, services } from './doctor/units.js';
import { coreDumps, keys, liveAudio, openKeyFiles, swap } from './doctor/vault.js';
import { witness } from './doctor/witness.js';

const MB = 1e6;

/** `tapedeck doctor`: is everything there that the daemon needs, and if not, the one thing to do. */
export function doctor(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description(
      'check PBX, permissions, CDRs, spool, disks, clocks and keys, and tell how to fix each problem',
    )
    .option(
      '--fix',
      'first correct what is safe to correct: folders, rights and units of Tapedeck, the spool',
    )
    .option('--dry-run', 'with --fix: only list what would be corrected')
    .option('--json', 'as JSON; with --fix an object with "fixes" and "findings"')
    .addHelpText(
      'after',
      "\n--fix needs root. It never changes Asterisk's configuration, deletes nothing, and prints each step.\n\nExit code 0 if nothing failed (warnings are allowed), 1 otherwise.\n\nExamples:\n  tapedeck doctor\n  tapedeck doctor --fix --dry-run\n  tapedeck doctor --fix",
    )
    .action(async (options: Options) => {
      if (options.dryRun && !options.fix)
        throw fail('request_invalid', '--dry-run goes with --fix: "doctor" alone changes nothing.');
      const fixes = options.fix ? await fix(context, options) : null;
      if (options.dryRun) return;
      const findings = await examine(context);
      const said = fixes === null ? findings : { fixes, findings };
      if (options.json) context.out(`${JSON.stringify(said, null, 2)}\n`);
      else for (const f of findings) context.out(line(f));
      if (findings.some((f) => f.state === 'fail')) process.exitCode = 1;
    });
}

type Options = { json?: boolean; fix?: boolean; dryRun?: boolean };

/** Corrects what is safe to correct, and prints each step. Returns what was done. */
async function fix(context: CliContext, { json, dryRun }: Options): Promise<Fixed[]> {
  const plan = await planFixes(context.config());
  if (dryRun) {
    if (json)
      context.out(
        JSON.stringify(
          plan.map(({ what, command }) => ({ what, command })),
          null,
          2,
        ),
      );
    else if (plan.length === 0) context.out('Nothing to correct.');
    else for (const { what, command } of plan) context.out(`would ${what}\n      ${command}`);
    return [];
  }
  const fixed = await applyFixes(plan);
  if (!json)
    for (const { done, what, why } of fixed)
      context.out(done ? `fixed  ${what}` : `FAILED to ${what}: ${why}`);
  return fixed;
}

/** Looks at everything at once. What a look throws is what it found. */
export async function examine(context: CliContext): Promise<Finding[]> {
  const config = context.config();
  // What takes secrets that only root may read.
  const first = await all({
    PBX: ofEach(config, { 'PBX (ARI)': ari, 'PBX (AMI)': ami }),
    'ARI origins': ofEach(config, { 'ARI origins': origins }),
    'trunk contexts': ofEach(config, { 'trunk contexts': trunkContexts }),
    FreePBX: ofEach(config, { FreePBX: freepbx }),
    'PBX connections': ofEach(config, { 'PBX connections': connections }),
    'PBX priority': priority(),
    'PBX reach': ofEach(config, { 'PBX reach': reach }),
    'time zone': Promise.resolve(timeZone(config)),
    country: Promise.resolve(country(config)),
    spool: ofEach(config, { spool: (pbx) => spool(config, pbx) }),
    data: data(config),
    'data disk': witness(config),
    mounts: mounts(config),
    unit: unitLimits(config),
    services: services(),
    originals: originals(),
    'clock sync': clockSync(),
    'live audio': ofEach(config, { 'live audio': liveAudio }),
    swap: swap(),
    'audit log copies': auditCopies(config),
    'key copy': Promise.resolve().then(() => keyCopy(config)),
    'CDR sources': ofEach(config, { 'CDR sources': cdrReaders, 'CDR backend': cdrBackend }),
    'mail server': mailServer(config),
    directory: directory(config),
    provider: provider(config),
    'dashboard restart': restart(),
  });
  const refused = new Map(
    await Promise.all(config.pbxes.map(async (pbx) => [pbx.id, await promptsRefused(config, pbx)] as const)),
  );
  const user = await serviceUser(config.data.dir);
  const files = await all({ 'CDR sources': asUser(user, () => ofEach(config, { 'CDR sources': cdrFiles })) });
  const owners = await portOwners(config);
  await context.holdMaster();
  const open = openKeyFiles(config);
  // What is in the data directory, as its owner.
  const dir = context.data();
  const then = await all({
    room: room(config),
    archive: archive(context, config),
    'backup keys': backupKeys(config),
    keys: keys(context, open),
    access: access(config),
    // As the recorder's user, who has to reach the encoder.
    ffmpeg: ffmpeg(config),
    'core dumps': coreDumps(config),
    daemon: daemon(config),
    ...(existsSync(catalogueFile(dir)) && {
      announcements: ofEach(config, {
        announcements: (pbx) => announcements(context, pbx, refused.get(pbx.id) ?? null),
      }),
      'announcement texts': purposeSaid(context),
      'test calls': ofEach(config, { 'test calls': (pbx) => testCalls(context, pbx) }),
      voices: voices(context),
      approvals: approvals(context),
      names: namesKept(context),
      CDRs: ofEach(config, { CDRs: (pbx) => cdrs(context, pbx) }),
    }),
    TLS: tls(config),
    'dashboard port': ports(config, owners),
  });
  return [...first, ...files, ...then];
}

async function all(looks: Record<string, Promise<Finding | Finding[]>>): Promise<Finding[]> {
  const found = Object.entries(looks).map(([check, look]) => look.catch((e) => broken(check, e)));
  return (await Promise.all(found)).flat();
}

type Look = (pbx: PbxConfig) => Promise<Finding | Finding[]>;

/** Looks at each PBX. With several of them each finding has the name of its PBX. */
async function ofEach({ pbxes }: Config, looks: Record<string, Look>): Promise<Finding[]> {
  const found = pbxes.map(async (pbx) => {
    const of = await all(
      Object.fromEntries(Object.entries(looks).map(([check, look]) => [check, look(pbx)])),
    );
    return pbxes.length === 1 ? of : of.map((f) => ({ ...f, check: `${f.check} ${pbx.name}` }));
  });
  return (await Promise.all(found)).flat();
}

/** Whether the disks have what the daemon keeps free on them. One that is both has to have both reserves. */
async function room(config: Config): Promise<Finding[]> {
  const several = config.pbxes.length > 1;
  const places = [
    { of: 'data', dir: nearest(config.data.dir), shown: config.data.dir, mb: config.data.reserve_mb },
    ...config.pbxes.map(({ spool, spool_reserve_mb: mb, name }) => ({
      ...{ of: several ? `spool ${name}` : 'spool', dir: spool, shown: spool, mb },
    })),
  ];
  const seen = await Promise.all(places.map(async (place) => ({ ...place, has: await readDisk(place.dir) })));
  const devices = new Set(seen.map(({ has }) => has?.device));
  const disks = [...devices].map((device) => {
    const on = seen.filter(({ has }) => has?.device === device);
    return {
      of: on.map((place) => place.of).join(', '),
      dir: on.map((place) => place.shown).join(' and '),
      mb: on.reduce((sum, place) => sum + place.mb, 0),
      has: on[0]!.has,
    };
  });
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

async function daemon(config: Config): Promise<Finding> {
  try {
    const status = await ask(config.data.dir, 'status');
    return ok('daemon', `Runs: ${status.calls_now} calls now, ${status.recording_now} being recorded.`);
  } catch (e) {
    return warn('daemon', (e as TapedeckError).message, (e as TapedeckError).hint);
  }
}
