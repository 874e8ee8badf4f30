import { PassThrough, Readable } from 'node:stream';
import type { Verbs } from '../../catalogue/catalogue.js';
import type { StoredCall } from '../../catalogue/stored-call.js';
import { dates, iso, times } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import {
  ANSWER,
  type AnswerFile,
  type AnswerOpened,
  type AnswerOrder,
  type AnswerSigned,
  answerCommands,
  contentsOf,
  MOST_GIVEN,
  RECORDINGS,
} from '../../domain/privacy/answer.js';
import { type Disclosed, disclosedOf } from '../../domain/privacy/disclosure.js';
import { type Asked, fateOf, type Matched } from '../../domain/privacy/matching.js';
import type { Why } from '../../domain/reason/reason.js';
import type { Recording } from '../../domain/recording/recording.js';
import { type Packed, type Part, zipOf } from '../evidence/zip.js';
import { callsCsv, callsPage } from './calls-page.js';
import { letterPaper } from './letter-paper.js';

type Sound = { size: number; read(start: number, end: number): Readable; close(): Promise<void> };

export type AnswerDeps = {
  catalogue: Verbs<'holds.guard'>;
  /** The calls of a request, newest first, see `matching`. */
  find(asked: Asked): Promise<{ calls: StoredCall[]; more: boolean }>;
  /** For what a recording is kept, by the rule that decided. */
  purposeOf(recording: Recording): Promise<{ purpose: string; basis: string }>;
  /** The key of the recording of a call, and where in it the person alone is heard. It is on record before it is given. */
  open(call: string): Promise<AnswerOpened>;
  /** A recording as it sounds where all else is silent; null where its sides cannot be told apart. */
  ownSide(recording: Recording, opened: AnswerOpened & { refused?: undefined }): Promise<Sound | null>;
  sign(files: AnswerFile[]): Promise<AnswerSigned>;
};

type Found = { call: StoredCall; matched: Matched; guard: Why | null };

/** The calls of a request that are the person's own, oldest first, and what becomes of each. Throws `privacy_refused` for too many. */
async function callsOf(
  { catalogue, find }: AnswerDeps,
  { request, exclusions, now }: AnswerOrder,
): Promise<Found[]> {
  const { calls, more } = await find(request);
  if (more) throw fail('privacy_refused', 'More than 500 calls match. Narrow the days of the request.');
  const out = new Map(exclusions.map((one) => [one.callId, one]));
  const own = calls.filter((call) => !call.test && !out.has(call.id)).toReversed();
  return Promise.all(
    own.map(async (call) => {
      const { recording } = call;
      const guard = recording?.state === 'sealed' ? await catalogue.holds.guard(recording.id, now) : null;
      return { call, matched: fateOf(request, call, null, guard), guard };
    }),
  );
}

/**
 * The answer to a request, as a ZIP that is made while it is read. Throws `privacy_refused` before its first byte for one that would be too
 * large; what goes wrong later breaks it off.
 */
export async function answerTo(deps: AnswerDeps, order: AnswerOrder): Promise<Readable> {
  const contents = contentsOf(order.request, order.letter);
  const found = contents.list ? await callsOf(deps, order) : [];
  const given = found.filter(({ matched }) => contents.sound && matched.fate === 'give');
  if (given.length > MOST_GIVEN)
    throw fail(
      'privacy_refused',
      `${given.length} recordings match, and an answer has at most ${MOST_GIVEN}. Narrow the days of the request, and answer in parts.`,
    );
  const files: Packed[] = [];
  return zipOf(new Date(order.now), ANSWER.sums, partsOf(deps, order, found, contents, files), (file) =>
    files.push(file),
  );
}

/** `files`: what is in the ZIP by now. */
async function* partsOf(
  deps: AnswerDeps,
  order: AnswerOrder,
  found: readonly Found[],
  { list, sound }: ReturnType<typeof contentsOf>,
  files: readonly Packed[],
): AsyncGenerator<Part> {
  const { request, site } = order;
  yield { name: ANSWER.letter, source: () => letter(order) };
  const disclosed: Disclosed[] = [];
  for (const { call, matched, guard } of found) {
    const { recording } = call;
    const { fate, why } = matched;
    let [file, heardMs, silent]: [Packed | null, number, boolean] = [null, 0, false];
    if (sound && fate === 'give' && recording) {
      const opened = await deps.open(call.id);
      const own =
        opened.refused || opened.recording !== recording.id ? null : await deps.ownSide(recording, opened);
      if (own && !opened.refused) {
        try {
          yield { ...partOf(call, request.zone, own), stored: true };
          file = files.at(-1)!;
        } finally {
          await own.close();
        }
        heardMs = [...opened.them, ...opened.us].reduce((sum, one) => sum + one.untilMs - one.fromMs, 0);
      } else silent = true;
    }
    const purpose = recording ? await deps.purposeOf(recording) : { purpose: '', basis: '' };
    const about = { fate, why, guard, file, heardMs, silent };
    const when = { zone: request.zone, now: order.now };
    disclosed.push(disclosedOf(request.kind, when, call, recording, purpose, about));
  }
  if (list) {
    const made = times(request.zone)(order.now);
    const page = { number: request.number, site: site.name, zone: request.zone, made };
    yield text(ANSWER.list, callsCsv(disclosed));
    yield text(ANSWER.page, callsPage(disclosed, page));
  }
  yield text(ANSWER.readme, readme(order));
  const signed = await deps.sign([...files]);
  yield text(ANSWER.key, signed.key);
  yield text(ANSWER.statement, signed.text);
}

const text = (name: string, content: string): Part => ({
  name,
  source: () => Readable.from([Buffer.from(content)]),
});

function partOf({ id, startedAt }: StoredCall, zone: string, own: Sound): Part {
  const name = `${RECORDINGS}${dates(zone)(startedAt)}-${id}.ogg`;
  return { name, source: () => own.read(0, own.size - 1), size: own.size };
}

function letter(order: AnswerOrder): Readable {
  const out = new PassThrough();
  letterPaper(order, out).catch((e) => out.destroy(e));
  return out;
}

const readme = ({ request, site, now }: AnswerOrder): string =>
  [
    `Answer to request ${request.number}, made by ${site.name} on ${iso(now)} with Tapedeck.`,
    '',
    `Open ${ANSWER.letter} first. Where there are calls, ${ANSWER.page} lists them, and ${ANSWER.list} is the same list for spreadsheets.`,
    'Recordings are Ogg Opus files, which browsers and media players play.',
    '',
    `${ANSWER.statement} has the SHA-256 of the files, signed with the key of the recorder (Ed25519). These commands check, in this folder,`,
    'that nothing was changed:',
    '',
    ...answerCommands().map((command) => `    ${command}`),
    '',
    `${ANSWER.key} came with the answer. To be sure whose key it is, ask ${site.name} for the SHA-256 of it by another way.`,
    '',
  ].join('\n');
