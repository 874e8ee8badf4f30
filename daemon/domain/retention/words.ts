/** To which recordings a changed rule applies. */
export const APPLIES_TO =
  'A changed retention rule or limit applies to recordings made from now on. Existing recordings keep their date unless the policy is applied to all recordings.';
