// Apart from scripts/pbx because a module loader (such as the tests' own) cannot run a file without an extension.
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createInstance } from './pbx-instance.mjs';
import { getTree, systemTree } from './pbx-tree.mjs';

const USAGE = `usage: scripts/pbx COMMAND [options]

  get                download and unpack Asterisk (once)
  start              start it and wait until it is ready
  stop               stop it
  restart            stop and start it on the same ports
  kill               end it at once, as a crash would
  status             tell where it is and whether it runs
  cli COMMAND...     run one command in its console

  --version 22|16    which Asterisk (22)
  --name NAME        which instance; each has its own folder and ports (main)
  --system           use the Asterisk that is installed on this machine
  --base-port N      first of its 1000 ports
  --env NAME=VALUE   for Asterisk's own environment; may be given again
  --caller-id N=NAME what an extension's calls show as its name ("Ext 100"); may be given again
  --json             status, start and restart print JSON

  TAPEDECK_PBX_DIR     where everything lives (.pbx in the repository)
  TAPEDECK_PBX_MIRROR  the Debian archive to download from (from the machine's apt sources)
`;

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const home = resolve(process.env.TAPEDECK_PBX_DIR || join(repository, '.pbx'));
const say = (line) => process.stderr.write(`pbx: ${line}\n`);

const describe = (status) => {
  if (!status.version) return `${status.name}: never started`;
  const { ports, dirs } = status;
  return [
    `${status.name}: Asterisk ${status.version} ${status.running ? `runs (pid ${status.pid})` : 'is stopped'}`,
    `  ARI      ${status.ari.url}  user ${status.ari.user}, password in ${status.ari.passwordFile}`,
    `  AMI      ${status.ami.host}:${status.ami.port}  user ${status.ami.user}, secret in ${status.ami.secretFile}`,
    `  SIP      127.0.0.1:${ports.sip}/udp  RTP ${ports.rtpStart}-${ports.rtpEnd}`,
    `  phones   100-109 and 120-129 expected on ports ${ports.phones}-${ports.phones + 19}, carrier on ${ports.carrier}`,
    `  spool    ${status.recordingDir}`,
    `  logs     ${dirs.log}`,
  ].join('\n');
};

/** Options may stand before or right after `cli`; the rest belongs to the console, dashes and all. */
const split = (argv) => {
  let end = argv.indexOf('cli');
  if (end < 0) return { mine: argv, words: [] };
  end += 1;
  while (argv[end]?.startsWith('--'))
    end += /^--(name|version|base-port|env|caller-id)$/.test(argv[end]) ? 2 : 1;
  return { mine: argv.slice(0, end), words: argv.slice(end) };
};

const pairs = (given) => Object.fromEntries(given.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));

const parse = () => {
  const { mine, words } = split(process.argv.slice(2));
  const { values, positionals } = parseArgs({
    args: mine,
    allowPositionals: true,
    options: {
      version: { type: 'string' },
      name: { type: 'string', default: 'main' },
      system: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'base-port': { type: 'string' },
      env: { type: 'string', multiple: true, default: [] },
      'caller-id': { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (positionals.length > 1) throw new Error(`"${positionals[1]}" is one word too many`);
  if (values.version && !['22', '16'].includes(values.version)) throw new Error('--version is 22 or 16');
  const basePort = values['base-port'] === undefined ? undefined : Number(values['base-port']);
  if (basePort !== undefined && !(basePort >= 1024 && basePort <= 64_000))
    throw new Error('--base-port is a number from 1024 to 64000');
  const names = pairs(values['caller-id']);
  for (const [extension, name] of Object.entries(names))
    if (!/^\d{3}$/.test(extension) || !/^[\p{L} .'-]{1,40}$/u.test(name))
      throw new Error(`--caller-id takes an extension and a name, such as 100="Anna Field"`);
  return { command: positionals[0], words, basePort, names, ...values };
};

const main = async () => {
  const options = parse();
  if (options.help || !options.command) return process.stdout.write(USAGE);
  const tree = () => (options.system ? systemTree() : getTree(home, Number(options.version ?? 22), say));
  const instance = createInstance({
    home,
    name: options.name,
    snippetDir: join(repository, 'asterisk-conf'),
    labDir: join(repository, 'test/support/pbx/pbx-conf'),
    env: pairs(options.env),
    names: options.names,
    say,
  });
  const print = (status) =>
    process.stdout.write(options.json ? `${JSON.stringify(status, null, 2)}\n` : `${describe(status)}\n`);

  switch (options.command) {
    case 'get': {
      const { version, root, command } = await tree();
      return process.stdout.write(`Asterisk ${version}: ${root ?? command}\n`);
    }
    case 'start':
      return print(await instance.start(await tree(), options.basePort));
    case 'restart':
      return print(
        await instance.restart(
          (!options.version && !options.system && instance.lastTree()) || (await tree()),
        ),
      );
    case 'stop':
      return instance.stop();
    case 'kill':
      return instance.kill();
    case 'status':
      return print(instance.status());
    case 'cli':
      return process.stdout.write(await instance.cli(options.words.join(' ')));
    default:
      throw new Error(`no command "${options.command}"\n${USAGE}`);
  }
};

try {
  await main();
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
