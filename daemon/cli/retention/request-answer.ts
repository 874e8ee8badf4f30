import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { fail } from '../../domain/error.js';
import { printable } from '../../domain/printable.js';
import {
  ANSWER,
  ANSWER_EXTRAS,
  answerCommands,
  answerFaultWords,
  verifyAnswer,
} from '../../domain/privacy/answer.js';
import { letterFor } from '../../domain/privacy/letter-facts.js';
import { type LetterKind, letterKinds } from '../../domain/privacy/letters.js';
import { type RefusalGround, refusalGrounds } from '../../domain/privacy/request.js';
import { NO_ORGANISATION } from '../../domain/report/processing.js';
import { askStream } from '../../ops/control-client.js';
import { signatureKeys } from '../../vault/signing-key.js';
import type { CliContext } from '../common/context.js';
import { onConsole } from '../common/entries.js';
import { openOutput } from '../common/output.js';
import { unprovedBy } from '../common/proved.js';
import { requestNumbered } from './request-numbered.js';

type AnswerOptions = {
  letter: LetterKind;
  ground?: RefusalGround[];
  text?: string;
  output?: string;
  force?: boolean;
};

export const groundOption = new Option('--ground <grounds...>', 'why it is refused, or a part of it').choices(
  refusalGrounds,
);

/** `tapedeck requests answer` and `verify`: the file for the person, and whether it is as it was signed. */
export function requestAnswer(command: Command, ctx: CliContext): void {
  command
    .command('answer')
    .description(
      'create the answer to a request: a signed ZIP with a letter, the calls, and what the person said',
    )
    .argument('<number>', 'number of the request')
    .addOption(new Option('--letter <letter>', 'which letter').choices(letterKinds).makeOptionMandatory())
    .addOption(groundOption)
    .option(
      '--text <file>',
      'the letter itself, instead of the one that Tapedeck writes; - reads standard input',
    )
    .option('-o, --output <file>', 'file to write; default: tapedeck-request-NUMBER.zip here')
    .option('-f, --force', 'overwrite an existing file')
    .addHelpText(
      'after',
      '\nThe export stands in the audit log, as do the calls of which the file has the sound.\n\nExamples:\n  tapedeck requests answer 3 --letter access\n  tapedeck requests answer 3 --letter refusal --ground legal_hold',
    )
    .action(async (number: string, { letter, ground = [], text, output, force }: AnswerOptions) => {
      const request = await requestNumbered(ctx, number);
      const written =
        text === undefined
          ? letterFor(request, letter, {
              ...{ grounds: ground, site: ctx.config().site.name, now: Date.now() },
              organisation:
                (await (await ctx.catalogue()).organisation.get())?.organisation ?? NO_ORGANISATION,
              ...(await templateOf(ctx, letter)),
            })
          : readFileSync(text === '-' ? 0 : text, 'utf8');
      const file = output ?? `tapedeck-request-${request.number}.zip`;
      const made = openOutput(file, force);
      try {
        const { stream } = await askStream(ctx.data(), 'make_answer', {
          ...{ by: onConsole(), id: request.id, letter, text: written },
        });
        await made.write(stream);
      } finally {
        made.close();
      }
      ctx.out(`${file} was written. It is not encrypted: send it on a way that only the person can read.`);
    });

  command
    .command('verify')
    .description('verify an answer that was unpacked; needs no recorder and no network')
    .argument('<file>', `the ${ANSWER.statement} of the answer, beside its other files`)
    .option('--public-key <file>', 'trust only this public key, from the copy that you keep elsewhere')
    .addHelpText(
      'after',
      `\nExit code 0 if the files are as they were signed with the key of --public-key and there is no other file, 1 otherwise.\n\nWithout Tapedeck, in the folder of the answer:\n${answerCommands()
        .map((line) => `  ${line}`)
        .join(
          '\n',
        )}\n\nExample:\n  tapedeck requests verify answer/${ANSWER.statement} --public-key tapedeck.pem`,
    )
    .action(async (file: string, { publicKey }: { publicKey?: string }) => {
      const problems = await faultsOf(file, publicKey);
      const good = problems.faults.length === 0;
      if (!good || publicKey === undefined) process.exitCode = 1;
      for (const line of good ? [...problems.said, ...unprovedBy(publicKey)] : problems.faults) ctx.out(line);
    });
}

/** The letter that was saved here; nothing where it is the one that comes with Tapedeck. */
async function templateOf(ctx: CliContext, letter: LetterKind): Promise<{ template?: string }> {
  const saved = await (await ctx.catalogue()).privacyRequests.letters();
  const own = saved.find((one) => one.letter === letter);
  return own ? { template: own.text } : {};
}

async function faultsOf(
  file: string,
  publicKey: string | undefined,
): Promise<{ faults: string[]; said: string[] }> {
  let [signed, trusted]: [string, string[] | null] = ['', null];
  try {
    signed = readFileSync(file, 'utf8');
    trusted = publicKey === undefined ? null : [readFileSync(publicKey, 'utf8')];
  } catch (e) {
    throw fail('request_invalid', (e as Error).message, e);
  }
  const found = verifyAnswer(signed, signatureKeys(trusted));
  if (found.fault !== null) return { faults: [answerFaultWords[found.fault]], said: [] };
  const { statement, fingerprint } = found;
  const faults: string[] = [];
  for (const { name, sha256 } of statement.files) {
    const is = await hashOf(dirname(file), name);
    if (is !== sha256) faults.push(`${name}: ${is === null ? 'is missing' : 'is not what was signed'}`);
  }
  const known = new Set<string>([...ANSWER_EXTRAS, ...statement.files.map(({ name }) => name)]);
  for (const name of filesBelow(dirname(file)))
    if (!known.has(name)) faults.push(`${printable(name)}: does not belong to the answer`);
  const { request, site, made_at } = statement;
  return {
    faults,
    said: [
      `Valid: the answer of ${site.name} to request ${request.number}, made ${made_at}.`,
      `Files as they were signed: ${statement.files.length}.`,
      `Public key, SHA-256: ${fingerprint}`,
    ],
  };
}

/** Everything below a folder that is no folder itself. */
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => !one.isDirectory())
    .map((one) => relative(folder, join(one.parentPath, one.name)))
    .sort();

/** Of a file in a folder of the answer; null where there is none. A name that leads elsewhere is none. */
async function hashOf(folder: string, name: string): Promise<string | null> {
  if (!/^(?:[\w-]+\/)?[\w-]+\.\w+$/.test(name)) return null;
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(join(folder, name)), hash);
  } catch {
    return null;
  }
  return hash.digest('hex');
}
