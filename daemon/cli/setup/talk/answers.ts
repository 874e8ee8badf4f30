import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { parse } from 'smol-toml';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { fail } from '../../../domain/error.js';
import { isRegion } from '../../../domain/phone.js';
import { MOST_REFUSED_DAYS } from '../../../domain/telling/schema.js';
import { isZone } from '../../../domain/zone-times.js';

/** What has to be typed, or written into a file of answers, to go without a copy of the master key. */
export const NO_COPY = 'recordings are lost with this disk';

/** As the policy has it. */
export const MOST_NAME_DAYS = 36_500;

const Text = (description: string) => Type.String({ description, minLength: 1, maxLength: 300 });

/** What a file of answers may say. Whatever is left out has the default that setup would offer. */
const Schema = Type.Object(
  {
    address: Type.Optional(Text('Address of this machine at which the office opens the dashboard.')),
    hosts: Type.Optional(
      Type.Array(Text('A name'), { description: 'More names under which browsers open it.' }),
    ),
    time_zone: Type.Optional(Text('IANA zone, such as "Europe/Berlin".')),
    country: Type.Optional(
      Text('Country of this site and of its numbers, as two letters (ISO 3166-1), such as "GB".'),
    ),
    data: Type.Optional(Text('Folder for recordings, an absolute path.')),
    key_copy: Type.Optional(Text('Folder on another disk for the copy of the master key, or "none".')),
    calls_per_day: Type.Optional(
      Type.Integer({ description: 'Answered calls a day, a whole number.', minimum: 1, maximum: 1_000_000 }),
    ),
    checkpoint_file: Type.Optional(
      Text('File on a mount of another machine to which checkpoints of the audit log are appended too.'),
    ),
    metadata_days: Type.Optional(
      Type.Integer({
        description: 'Days after which names and numbers of calls without audio go, from 1 to 36500.',
        minimum: 1,
        maximum: MOST_NAME_DAYS,
      }),
    ),
    refused_days: Type.Optional(
      Type.Integer({
        description: 'Days for which calls with a number that refused are left alone, from 1 to 3650.',
        minimum: 1,
        maximum: MOST_REFUSED_DAYS,
      }),
    ),
    cdr_admin: Type.Optional(
      Type.Object(
        { user: Text('Its name.'), password_file: Text('File with its password, which is read once.') },
        {
          additionalProperties: false,
          description:
            "Administrator of FreePBX's database, where that does not let root in without a password.",
        },
      ),
    ),
    no_key_copy: Type.Optional(Text(`With key_copy = "none": "${NO_COPY}".`)),
    asterisk: Type.Optional(
      Type.Object(
        {
          host: Type.Optional(Text('Address of a PBX on another machine, where none is on this one.')),
          etc: Type.Optional(Text("Folder of Asterisk's configuration.")),
          command: Type.Optional(Text("Asterisk's program.")),
          fwconsole: Type.Optional(Text("FreePBX's program.")),
          database_socket: Type.Optional(Text("Socket of FreePBX's database.")),
          freepbx_conf: Type.Optional(Text("FreePBX's /etc/freepbx.conf.")),
        },
        { additionalProperties: false, description: 'Where the PBX is, if not where packages put it.' },
      ),
    ),
  },
  { additionalProperties: false },
);
export type AnswerFile = Static<typeof Schema>;

const KEYS = Object.keys(Schema.properties);

/** Reads answers. Throws `setup_answers` with a line for each fault, all at once. */
export function readAnswers(file: string): AnswerFile {
  let raw: unknown;
  try {
    raw = parse(readFileSync(file, 'utf8'));
  } catch (e) {
    throw fail('setup_answers', `${file}: ${(e as Error).message.split('\n')[0]}`, e);
  }
  const given = raw as Record<string, unknown>;
  const faults: string[] = [];
  for (const key of Object.keys(given))
    if (!KEYS.includes(key)) faults.push(`"${key}" is not known. Known: ${KEYS.join(', ')}.`);
  for (const [key, schema] of Object.entries(Schema.properties)) {
    if (given[key] === undefined) continue;
    const [problem] = Value.Errors(schema, given[key]);
    if (problem)
      faults.push(
        `"${key}" ${problem.message}. ${(schema as { description?: string }).description ?? ''}`.trim(),
      );
  }
  const { country } = given;
  if (typeof country === 'string' && !isRegion(country))
    faults.push(`"country": "${country}" is not a country. Write two letters (ISO 3166-1), such as "GB".`);
  const { time_zone: zone, data, key_copy: copy, no_key_copy: accepted } = given;
  if (typeof zone === 'string' && !isZone(zone))
    faults.push(`"time_zone": "${zone}" is not an IANA zone. Write one such as "Europe/Berlin".`);
  for (const [key, value] of Object.entries({ data, ...(copy === 'none' ? {} : { key_copy: copy }) }))
    if (typeof value === 'string' && !isAbsolute(value))
      faults.push(`"${key}": "${value}" is not an absolute path.`);
  if (copy === 'none' && accepted !== NO_COPY)
    faults.push(`"key_copy" is "none", which needs no_key_copy = "${NO_COPY}" too.`);
  if (copy === 'print')
    faults.push(
      '"key_copy": "print" is for a terminal: the key must not be in the output of a file of answers.',
    );
  if (faults.length > 0) throw fail('setup_answers', `${file}:\n${faults.join('\n')}`);
  return given as AnswerFile;
}
