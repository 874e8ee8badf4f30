import { Type } from 'typebox';
import { DOCUMENT_CHARS } from '../../daemon/domain/operations/control/consents.js';
import { ListedNumber } from '../../daemon/domain/policy/lists/number-list.js';
import { DOCUMENT_TYPES } from '../../daemon/domain/policy/standing/document.js';
import {
  MOST_ERASE_REASON,
  standingKinds,
  standingStates,
} from '../../daemon/domain/policy/standing/standing.js';
import { STANDING_COLUMNS, StandingFault } from '../../daemon/domain/policy/standing/standing-file.js';
import { Nullable, Time } from '../server/schemas.js';

/** The shapes of standing consents and objections. */
const Kind = Type.Enum([...standingKinds]);
const Names = Type.Array(Type.String());

export const ConsentView = Type.Object({
  id: Type.Integer(),
  kind: Kind,
  number: Type.String(),
  contact: Type.String({ description: "The contact's name, or empty." }),
  extensions: Names,
  queues: Type.Array(Type.String(), {
    description: 'With neither extensions nor queues it is about all calls with the number.',
  }),
  given_at: Time,
  how: Type.String({ description: 'How it was given.' }),
  until: Nullable(Type.String({ format: 'date-time', description: 'When it ends; null for never.' })),
  state: Type.Enum([...standingStates]),
  withdrawn_at: Nullable(Time),
  withdrawn_by: Type.String(),
  erased_at: Nullable(
    Type.String({
      format: 'date-time',
      description: 'When number, contact, extensions, queues and how it was given were erased.',
    }),
  ),
  erased_by: Type.String(),
  erased_why: Type.String(),
  added_at: Time,
  added_by: Type.String(),
  document: Nullable(
    Type.Object({
      type: Type.Enum([...DOCUMENT_TYPES]),
      bytes: Type.Integer(),
      sha256: Type.String({ description: 'Of the document as it was uploaded, in hex.' }),
      erased_at: Nullable(Time),
      erased_by: Type.String(),
    }),
  ),
});
export const ConsentsPage = Type.Object({
  total: Type.Integer({ description: 'How many there are in all.' }),
  consents: Type.Array(ConsentView, { description: 'The newest first.' }),
  before: Nullable(Type.Integer({ description: 'What to ask for the next page with; null at the end.' })),
});
export const ConsentsQuery = Type.Object({
  before: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Only what was entered before the one with this id.' }),
  ),
  digits: Type.Optional(
    Type.String({ maxLength: 40, description: 'Only numbers with these digits in a row.' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: '100 when left out.' })),
});

const Day = 'by the clock of the site: 2027-01-31, or 2027-01-31 18:00.';
export const ConsentBody = Type.Object({
  kind: Kind,
  number: ListedNumber,
  contact: Type.Optional(Type.String({ maxLength: 200 })),
  extensions: Type.Optional(
    Type.String({ maxLength: 2_000, description: 'Only calls in which one of these takes part.' }),
  ),
  queues: Type.Optional(
    Type.String({ maxLength: 2_000, description: 'Only calls that come through one of these.' }),
  ),
  given: Type.String({ maxLength: 20, description: `When it was given, ${Day}` }),
  how: Type.String({ maxLength: 400, description: 'How it was given, such as "contract of 3 May".' }),
  until: Type.Optional(Type.String({ maxLength: 20, description: `When it ends, ${Day}` })),
  document: Type.Optional(
    Type.String({
      maxLength: DOCUMENT_CHARS,
      description: 'What was signed: a PDF, PNG or JPEG file of at most 5 MB, in base64.',
    }),
  ),
});
/** In the body of a request with a document: that in base64, and what is around it. */
export const CONSENT_BODY_BYTES = DOCUMENT_CHARS + 65_536;
const Faults = Type.Array(
  Type.Object({
    ...StandingFault.properties,
    message: Type.String({ description: 'What it is, and what to do.' }),
  }),
);
export const ConsentAdded = Type.Object({
  id: Nullable(Type.Integer({ description: 'Null where there is a fault: then nothing was entered.' })),
  faults: Faults,
});
export const ConsentImportBody = Type.Object({
  csv: Type.String({
    maxLength: 1_000_000,
    description: `The first line names the columns: ${STANDING_COLUMNS.join(', ')}. Only kind, number, given and how are required.`,
  }),
  skip: Type.Optional(
    Type.Boolean({
      description: 'Leave out lines that are wrong. Left out: nothing is entered unless all are right.',
    }),
  ),
  dry_run: Type.Optional(Type.Boolean({ description: 'Only look whether it could be imported.' })),
});
export const ConsentImported = Type.Object({
  imported: Type.Boolean({ description: 'False where nothing was entered, and with `dry_run`.' }),
  right: Type.Integer({ description: 'How many lines are right: those that were entered, or could be.' }),
  wrong: Type.Integer({ description: 'How many lines are wrong: those that were left out.' }),
  faults: Faults,
});
export const ConsentEraseBody = Type.Object({
  reason: Type.String({
    minLength: 1,
    maxLength: MOST_ERASE_REASON,
    description: 'Why. It stays in the audit log, so it must not have the number or the name.',
  }),
});
export const ConsentParams = Type.Object({ id: Type.Integer({ minimum: 1 }) });
