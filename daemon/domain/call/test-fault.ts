/** What can be wrong with a test call, from the first step to the last. */
export type TestFault =
  | 'pbx'
  | 'dialplan'
  | 'unseen'
  | 'endless'
  | 'not_recorded'
  | 'not_preserved'
  | 'dashboard'
  | 'decode'
  | 'silent'
  | 'swapped'
  | 'mixed'
  | 'level'
  | 'offset'
  | 'dropouts'
  | 'duration'
  | 'internal';

/** What each means, and what to do about it. */
export const testFaults: Record<TestFault, { message: string; hint: string }> = {
  pbx: {
    message: 'The PBX did not take the call.',
    hint: 'Check that Asterisk runs and that the ARI user may write (read_only = no).',
  },
  dialplan: {
    message: 'The PBX has no dialplan for test calls.',
    hint: 'Add asterisk-conf/extensions.conf to yours, then asterisk -rx "dialplan reload"; or set [test_calls] enabled = false.',
  },
  unseen: {
    message: 'The PBX took the call, and nothing was heard of it.',
    hint: 'The event stream is dead or late. Restart the recorder, and look at its log.',
  },
  endless: {
    message: 'The call did not end by itself.',
    hint: 'Compare the context tapedeck-test of your dialplan with asterisk-conf/extensions.conf.',
  },
  not_recorded: {
    message: 'The call was not recorded.',
    hint: 'Run "tapedeck doctor"; look at the spool of the PBX and its free space first.',
  },
  not_preserved: {
    message: 'The call was captured, and no recording could be made of it.',
    hint: 'The log of the recorder says why; look at ffmpeg, the load and the data directory.',
  },
  dashboard: {
    message: 'The recording was made, and the dashboard does not give it out.',
    hint: 'Start the dashboard (systemctl start tapedeck-web) and look at its log.',
  },
  decode: {
    message: 'What the dashboard gave out is not the recording, or no audio.',
    hint: 'Run "tapedeck doctor"; the log of the dashboard says more.',
  },
  silent: {
    message: 'A side of the recording is silent.',
    hint: 'Calls may be recorded without sound. Restart Asterisk when no call is in progress; compare its dialplan with asterisk-conf/extensions.conf.',
  },
  swapped: {
    message: 'The sides of the recording are swapped.',
    hint: 'Compare the context tapedeck-test of your dialplan with asterisk-conf/extensions.conf.',
  },
  mixed: {
    message: 'Each side of the recording is heard on the other.',
    hint: 'Look for other programs that record, spy on or mix channels; the recording itself keeps the sides apart.',
  },
  level: {
    message: 'The recording is too loud or too quiet.',
    hint: 'Look for VOLUME or AGC in the dialplan, and for a codec that is not lossless to tones.',
  },
  offset: {
    message: 'The sound is not where it belongs on the timeline.',
    hint: 'The PBX or the recorder reacts late: look at the load, and at the clocks of both ("tapedeck doctor").',
  },
  dropouts: {
    message: 'Parts of the sound are missing.',
    hint: 'The PBX has too much to do, or a slow disk under its spool.',
  },
  duration: {
    message: 'The recording is not as long as the call.',
    hint: 'Look at the free space of the spool of the PBX, and at the log of the recorder.',
  },
  internal: {
    message: 'The recorder hit a fault of its own.',
    hint: 'Look at its log, and at the free space of the data directory.',
  },
};

/** These may come from a machine that has too much to do just now. */
export const isTiming = (fault: TestFault): boolean =>
  fault === 'offset' || fault === 'dropouts' || fault === 'duration';
