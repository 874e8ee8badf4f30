import { count, listOr } from '../locale.js';

/** The messages of the page that describes the API. */
export const referenceText = {
  title: 'API reference',
  file: 'Download the OpenAPI 3.1 description',
  tokens: 'Create an API token',
  groups: {
    calls: 'Calls',
    session: 'Sessions',
    'second factors': 'Second factors',
    people: 'People',
    account: 'Your account',
    audit: 'Audit log',
    status: 'Status',
    policy: 'Policy',
    retention: 'Retention',
    approvals: 'Approvals',
    holds: 'Legal holds',
    requests: 'Requests',
    certificates: 'Certificates of erasure',
    reports: 'Reports',
    consents: 'Consents and objections',
    lists: 'Lists of numbers',
    consent: 'Consent',
    coverage: 'Coverage',
    quality: 'Quality',
  } as Record<string, string>,
  contents: 'Contents',
  access: {
    public: 'Needs no session.',
    session: 'Needs a session.',
    token: 'Needs a session or an API token.',
  },
  parameters: 'Parameters',
  body: 'Request body',
  answers: ({ status }: { status: string }) => `Response ${status}`,
  nothing: 'No content.',
  optional: '(optional)',
  types: {
    string: 'string',
    integer: 'integer',
    number: 'number',
    boolean: 'boolean',
    null: 'null',
    object: 'object',
    any: 'any value',
    date: 'date',
    'date-time': 'date and time',
  } as Record<string, string>,
  list: ({ of }: { of: string }) => `list of ${of}`,
  map: ({ of }: { of: string }) => `object with values: ${of}`,
  /** Types or values of which one is meant. */
  oneOf: ({ kinds }: { kinds: string[] }) => listOr(kinds),
  /** All that is said of a type. */
  type: ({ parts }: { parts: string[] }) => parts.join(', '),
  range: ({ least, most }: { least: number | undefined; most: number | undefined }) =>
    least === undefined
      ? `at most ${most}`
      : most === undefined
        ? `at least ${least}`
        : `${least} to ${most}`,
  longest: ({ n }: { n: number }) => `at most ${count(n)} characters`,
  otherwise: ({ value }: { value: unknown }) => `default ${JSON.stringify(value)}`,
};
