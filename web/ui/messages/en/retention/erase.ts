import { count, plural } from '../../locale.js';

const recordings = (n: number) => plural(n, { one: '1 recording', other: `${count(n)} recordings` });

export const eraseText = {
  button: 'Erase…',
  select: 'Select calls to erase…',
  cancelSelect: 'Cancel selection',
  selected: ({ n }: { n: number }) =>
    n === 0
      ? 'Select the calls whose recordings you want to erase.'
      : plural(n, { one: '1 call selected', other: `${count(n)} calls selected` }),
  selectAll: 'Select all shown',
  tooMany: ({ n }: { n: number }) => `Select ${count(n)} calls or fewer.`,
  pick: ({ who, when }: { who: string; when: string }) => `Select the call with ${who}, ${when}`,
  eraseSelected: ({ n }: { n: number }) => `Erase ${recordings(n)}…`,
  title: ({ n }: { n: number }) => plural(n, { one: 'Erase recording?', other: `Erase ${recordings(n)}?` }),
  what: ({ n }: { n: number }) =>
    plural(n, {
      one: 'This destroys the key of the recording and all its versions, then the file. Copies of the file become unreadable too, unless keys.db was copied with them. The call stays in the list and says who erased it and why.',
      other:
        'This destroys the keys of these recordings and all their versions, then the files. Copies of the file become unreadable too, unless keys.db was copied with them. The calls stay in the list and say who erased them and why.',
    }),
  undo: 'It cannot be undone.',
  reason: {
    label: 'Reason',
    help: 'For example, “Asked for by the caller”. It appears in the audit log and on the call.',
    missing: 'Enter a reason.',
  },
  word: ({ n }: { n: number }) => `erase ${n}`,
  typeWord: ({ word }: { word: string }) => `Type “${word}” to confirm`,
  wrongWord: ({ word }: { word: string }) => `Type ${word} exactly.`,
  make: ({ n }: { n: number }) => `Erase ${recordings(n)} permanently`,
  busy: 'Erasing…',
  refusedTitle: ({ n }: { n: number }) =>
    plural(n, {
      one: 'Nothing was erased: 1 recording is protected',
      other: `Nothing was erased: ${count(n)} recordings are protected`,
    }),
  refusedHint: 'Leave the protected ones out to erase the rest.',
  refusedOnly: 'It can be erased once nothing protects it any more.',
  leaveOut: ({ n }: { n: number }) =>
    plural(n, { one: 'Leave it out', other: `Leave these ${count(n)} out` }),
  openCall: 'Open call',
  asked: ({ approval }: { approval: string }) =>
    `Nothing is erased yet: a second person has to approve it on the page Approvals (number ${approval}). Then select the same calls and erase them again.`,
  done: ({ erased, failed }: { erased: number; failed: number }) =>
    [
      plural(erased, { one: '1 recording erased.', other: `${count(erased)} recordings erased.` }),
      failed ? `${count(failed)} could not be erased; Tapedeck retries in the next run.` : '',
    ]
      .filter(Boolean)
      .join(' '),
};
