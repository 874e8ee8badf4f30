/** To which recordings a changed rule applies. */
export const APPLIES_TO =
  'A changed retention rule or limit applies to recordings made from now on. Existing recordings keep their date, unless whoever saves the policy has it applied to all recordings.';
