import { type Command, InvalidArgumentError } from 'commander';
import { fail } from '../../domain/error.js';
import { parseConfig } from '../../ops/config.js';
import type { Config } from '../../ops/config-schema.js';
import { type TomlValue, withValues } from '../setup/conf/toml.js';

/** A store or a server that is named on the command line. */
export type PlaceOptions = {
  s3Endpoint?: string;
  s3Bucket?: string;
  s3AccessKeyId?: string;
  s3SecretKeyFile?: string;
  s3Region?: string;
  s3Prefix?: string;
  s3CaFile?: string;
  sftpHost?: string;
  sftpPort?: number;
  sftpUser?: string;
  sftpPath?: string;
  sftpHostKey?: string;
  sftpKeyFile?: string;
};

type Named = { option: string; key: keyof PlaceOptions; section: 'backup.s3' | 'backup.sftp'; of: string };

const port = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number)) throw new InvalidArgumentError('It is not a number.');
  return number;
};

const S3: [flag: string, of: string, about: string][] = [
  ['endpoint <url>', 'endpoint', 'address of an S3-compatible store'],
  ['bucket <name>', 'bucket', 'name of its bucket'],
  ['access-key-id <id>', 'access_key_id', 'id of the access key'],
  ['secret-key-file <file>', 'secret_key_file', 'file with the secret access key'],
  ['region <name>', 'region', 'region, where the store has several'],
  ['prefix <text>', 'prefix', 'prefix of the names of all objects'],
  ['ca-file <file>', 'ca_file', "PEM file of the store's certificate authority, if it is your own"],
];
const SFTP: typeof S3 = [
  ['host <name>', 'host', 'address of an SFTP server'],
  ['port <number>', 'port', 'its port, if it is not 22'],
  ['user <name>', 'user', 'user on the server'],
  ['path <folder>', 'path', 'folder on the server'],
  ['host-key <key>', 'host_key', 'public host key of the server ("ssh-ed25519 AAAA...")'],
  ['key-file <file>', 'key_file', 'file with the private key, without a passphrase'],
];

const named = (kind: 's3' | 'sftp', [flag, of]: (typeof S3)[number]): Named => {
  const option = `--${kind}-${flag.split(' ')[0]}`;
  const key = option.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return { option, key: key as keyof PlaceOptions, section: `backup.${kind}`, of };
};
const ALL: Named[] = [...S3.map((one) => named('s3', one)), ...SFTP.map((one) => named('sftp', one))];

/** Adds the options that name a store or a server for backups. */
export function addPlaceOptions(command: Command): Command {
  for (const [kind, options] of [
    ['s3', S3],
    ['sftp', SFTP],
  ] as const)
    for (const [flag, of, about] of options)
      if (of === 'port') command.option(`--${kind}-${flag}`, about, port);
      else command.option(`--${kind}-${flag}`, about);
  return command;
}

export const namesPlace = (given: PlaceOptions): boolean => ALL.some(({ key }) => given[key] !== undefined);

/** Returns the options as arguments again. */
export const placeArguments = (given: PlaceOptions): string[] =>
  ALL.flatMap(({ option, key }) => (given[key] === undefined ? [] : [option, String(given[key])]));

/** Returns the options as the settings that say the same. */
export const placeValues = (given: PlaceOptions): TomlValue[] =>
  ALL.flatMap(({ section, key, of }): TomlValue[] =>
    given[key] === undefined ? [] : [[section, of, given[key]]],
  );

/** Returns the place that the options name, as [backup] of a configuration would have it. Throws `request_invalid`. */
export function placeFrom(given: PlaceOptions, recipient: string): Config['backup'] {
  const text = withValues('', [['backup', 'recipient', recipient], ...placeValues(given)]);
  try {
    return parseConfig(Buffer.from(text, 'latin1').toString('utf8'), '/tapedeck.toml').backup;
  } catch (e) {
    // Its lines are those of a text that nobody has written.
    const faults = (e as { detail?: string }).detail ?? String(e);
    throw fail('request_invalid', faults.replaceAll(/line \d+: /g, ''), e);
  }
}
