/** The messages of giving out the evidence of a call. */
export const evidenceText = {
  button: 'Evidence pack…',
  title: 'Evidence pack',
  older: 'It is of the version from before the redaction. The cover sheet says so, and who approved it.',
  intro:
    'A ZIP file for a lawyer, court or insurer: the recording with its signed manifest, the timeline, who listened to it, a cover sheet, and a page that verifies everything without Tapedeck.',
  clear:
    'Anyone who has the pack can listen to the call, even after the recording is erased. Your export is written to the audit log and included in the pack.',
  label: 'Reason',
  help: 'For example, a case number. It appears on the cover sheet.',
  missing: 'Enter a reason.',
  make: 'Create evidence pack',
  busy: 'Creating…',
  done: 'The pack is in your downloads.',
  verify: 'Verify a pack',
  verifyHelp:
    'Send the recipient a link to this page. The copy inside the pack could be replaced together with the pack.',
};
