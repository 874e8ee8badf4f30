import { count, plural } from '../../locale.js';

const recordings = (n: number) => plural(n, { one: '1 recording', other: `${count(n)} recordings` });

/** The messages of legal holds. */
export const holdsText = {
  title: 'Legal holds',
  summary: ({ open, held }: { open: number; held: number }) =>
    open === 0
      ? 'No open matters.'
      : `${plural(open, { one: '1 open matter', other: `${count(open)} open matters` })}, ${recordings(held)} held.`,
  intro:
    'A matter keeps recordings from being erased, whatever else would erase them: retention, erasing by hand, requests to erase and redaction. It never causes a call to be recorded.',
  emptyHelp:
    'Open a matter when a dispute, an audit or an investigation needs recordings kept. Releasing it later takes two people and waits a day.',
  columns: { name: 'Matter', state: 'State', held: 'Held', opened: 'Opened' },
  states: {
    applying: 'Being applied',
    open: 'Open',
    releasing: 'Being released',
    released: 'Released',
  },
  applyingHelp: 'Nothing is erased until Tapedeck knows which recordings this matter holds.',
  held: ({ query, picked }: { query: number; picked: number }) =>
    `${recordings(query + picked)}: ${count(query)} by query, ${count(picked)} picked`,
  openedBy: ({ who, day }: { who: string; day: string }) => `${day} by ${who}`,
  create: {
    open: 'Open a matter',
    title: 'Open a matter',
    name: 'Name',
    nameHelp: 'For example, “Smith v. Example Ltd”. It cannot be changed later.',
    nameMissing: 'Enter a name.',
    reason: 'Reason',
    reasonHelp: 'For example, “letter of 3 May from counsel”. It appears in the audit log.',
    reasonMissing: 'Enter a reason.',
    which: 'Which calls',
    whichHelp:
      'Calls that match everything you enter, past and future. Leave all of it empty to add recordings one by one.',
    text: 'Words or numbers',
    textHelp: 'As in the list of calls.',
    numbers: 'Telephone numbers',
    extensions: 'Extensions',
    queues: 'Queues',
    dids: 'Numbers dialled from outside (DIDs)',
    pbx: 'PBX',
    several: 'Separate several by commas.',
    from: 'From',
    to: 'To',
    toHelp: 'Leave empty to match future calls too.',
    direction: 'Direction',
    any: 'Any',
    send: 'Open matter',
    busy: 'Opening…',
  },
  back: 'All legal holds',
  facts: { reason: 'Reason', opened: 'Opened', query: 'Query', held: 'Holds' },
  noQuery: 'None: only recordings that were added one by one',
  query: {
    text: ({ text }: { text: string }) => `“${text}”`,
    numbers: ({ list }: { list: string }) => `number ${list}`,
    extensions: ({ list }: { list: string }) => `extension ${list}`,
    queues: ({ list }: { list: string }) => `queue ${list}`,
    dids: ({ list }: { list: string }) => `DID ${list}`,
    from: ({ day }: { day: string }) => `from ${day}`,
    to: ({ day }: { day: string }) => `before ${day}`,
    directions: { in: 'incoming', out: 'outgoing', internal: 'internal' },
    pbx: ({ name }: { name: string }) => `on PBX ${name}`,
  },
  report: 'Download report (CSV)',
  recordings: 'What it holds',
  noRecordings: 'This matter holds no recordings yet.',
  recordingColumns: { call: 'Call', when: 'When', why: 'Held', since: 'Since' },
  why: { query: 'By query', picked: 'Picked' },
  hidden: 'A call that you do not have access to',
  more: 'Show more',
  notHeld: 'Matching calls not recorded in full',
  notHeldHelp:
    'A legal hold never causes a call to be recorded. These calls match, but their recording is missing or incomplete: excluded by a rule, declined, not kept, masked, not captured, or erased before.',
  notHeldNone: 'Every call that matches was recorded in full.',
  notHeldReason: 'What is missing, and why',
  missing: {
    masked: ({ length }: { length: string }) => `Masked for ${length}.`,
    unagreed: ({ length }: { length: string }) => `Silenced for want of consent for ${length}.`,
    onHold: ({ length }: { length: string }) => `Silent on hold for ${length}.`,
    redacted: ({ length }: { length: string }) => `Redacted for ${length}.`,
    gaps: ({ length }: { length: string }) => `Not captured for ${length}.`,
  },
  change: {
    button: 'Change query',
    title: 'Change the query',
    help: 'A query that matches more calls takes effect at once, and nothing is erased until it has been applied. A query that matches fewer calls releases recordings, which needs a second person.',
    send: 'Save query',
    busy: 'Saving…',
    done: 'The query was changed and is being applied.',
    narrower: 'This query matches fewer calls',
    narrowerWhat:
      'The query stays as it is until a second person has approved the change and you have carried it out, at least a day from now. Recordings that the new query does not match are then released. This erases nothing.',
    none: 'The matter then has no query and does not match future calls.',
    ask: 'Ask for release',
  },
  letting: {
    pick: ({ call }: { call: string }) => `Select the recording of ${call}`,
    selected: ({ n }: { n: number }) =>
      n === 0 ? 'Select recordings to release them from this matter.' : `${recordings(n)} selected`,
    button: 'Ask for release of the selected',
    title: ({ n }: { n: number }) => `Release ${recordings(n)}`,
    tooMany: ({ n }: { n: number }) => `Select at most ${count(n)} recordings at once.`,
    byQuery: 'To release recordings that the query matches, change the query.',
  },
  add: {
    button: 'Add a call',
    call: 'Call',
    callHelp: 'The address of its page, or its id.',
    unknown: 'Enter the address of a call that has a recording.',
    send: 'Add recording',
    busy: 'Adding…',
    done: ({ n }: { n: number }) =>
      n === 0 ? 'This matter held the recording already.' : `Added ${recordings(n)}.`,
  },
  release: {
    button: 'Ask for release',
    title: ({ name }: { name: string }) => `Release “${name}”`,
    what: ({ n }: { n: number }) =>
      `A second person has to approve that ${recordings(n)} are released, and it waits at least a day. Nothing is erased by it: retention applies to these recordings again.`,
    later: 'Recordings that match the query from now on stay held.',
    send: 'Ask for release',
    busy: 'Asking…',
    asked: 'The release now waits for a second person, on the page “Approvals”.',
    waiting: 'Releases that were asked for',
    states: {
      waiting: 'waits for a second person',
      cooling: 'approved; can be carried out later',
      approved: 'approved; can be carried out',
    },
    row: ({ who, what, state, when }: { who: string; what: string; state: string; when: string }) =>
      `${who} asked to release ${what}: ${state}. Not before ${when}.`,
    of: {
      all: ({ n }: { n: number }) => `the whole matter, ${recordings(n)}`,
      query: ({ n }: { n: number }) => `what another query does not ask for, ${recordings(n)}`,
      recordings: ({ n }: { n: number }) => recordings(n),
    },
    carryOut: 'Release now',
    carrying: 'Releasing…',
    over: 'Releases',
    done: ({ who, by, what, day }: { who: string; by: string; what: string; day: string }) =>
      `${day}: ${what}, asked for by ${who}, approved by ${by}.`,
  },
};
