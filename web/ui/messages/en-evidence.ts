/** The strings of giving out the evidence of a call. */
export const evidenceText = {
  button: 'Evidence pack…',
  title: 'Evidence pack',
  intro:
    'A ZIP for a lawyer, a court or an insurer: the recording, what was signed of it, its story, who has heard it, a cover sheet, and a page that verifies all of it without Tapedeck.',
  clear:
    'Whoever has it can hear the call, and erasing the recording does not reach it. That you take it is written into the audit log, and is in the pack.',
  label: 'Reason',
  help: 'Such as a case number. It stands on the cover sheet.',
  missing: 'Say why the recording is given out.',
  make: 'Make the pack',
  busy: 'Being made…',
  done: 'The pack is in your downloads.',
  verify: 'Verify a pack',
  verifyHelp:
    'Send whoever gets the pack a link to this page: the one in the pack could be changed along with it.',
  kept: 'The recorder does not run, so the newest signature that there was is in it: this export is not covered by it, and only the recording and its manifest are proven. Make it again when the recorder runs.',
};
