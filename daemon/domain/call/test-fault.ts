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
    message: 'The PBX did not accept the call.',
    hint: 'Check that Asterisk is running and that the ARI user has write access (read_only = no).',
  },
  dialplan: {
    message: 'The PBX has no dialplan for test calls.',
    hint: 'Add asterisk-conf/extensions.conf to your dialplan and run asterisk -rx "dialplan reload", or set [test_calls] enabled = false.',
  },
  unseen: {
    message: 'The PBX accepted the call, but reported no events for it.',
    hint: 'The event stream is dead or late. Restart the recorder and look at its log.',
  },
  endless: {
    message: 'The call did not end on its own.',
    hint: 'Compare the [tapedeck-test] context of your dialplan with asterisk-conf/extensions.conf.',
  },
  not_recorded: {
    message: 'The call was not recorded.',
    hint: 'Run "tapedeck doctor". Check the spool of the PBX and its free space first.',
  },
  not_preserved: {
    message: 'The call was captured, but no recording could be made from it.',
    hint: 'The log of the recorder has the cause. Check ffmpeg, the load and the data directory.',
  },
  dashboard: {
    message: 'The recording was made, but the dashboard does not serve it.',
    hint: 'Start the dashboard (systemctl start tapedeck-web) and look at its log.',
  },
  decode: {
    message: 'The dashboard served something that is not the recording, or is not audio.',
    hint: 'Run "tapedeck doctor". The log of the dashboard has more details.',
  },
  silent: {
    message: 'At least one side of the recording is silent.',
    hint: 'Calls may be recorded without sound. Restart Asterisk when no call is in progress, and compare its dialplan with asterisk-conf/extensions.conf.',
  },
  swapped: {
    message: 'The two sides of the recording are swapped.',
    hint: 'Compare the [tapedeck-test] context of your dialplan with asterisk-conf/extensions.conf.',
  },
  mixed: {
    message: 'Each side of the recording can be heard on the other.',
    hint: 'Look for other programs that record, spy on or mix channels; the recording itself keeps the sides apart.',
  },
  level: {
    message: 'The recording is too loud or too quiet.',
    hint: 'Look for VOLUME or AGC in the dialplan, and for a codec that changes the level of tones.',
  },
  offset: {
    message: 'The sound is in the wrong place on the timeline.',
    hint: 'The PBX or the recorder is reacting late. Check the load and the clocks of both ("tapedeck doctor").',
  },
  dropouts: {
    message: 'Parts of the sound are missing.',
    hint: 'The PBX is overloaded, or the disk of its spool is slow.',
  },
  duration: {
    message: 'The recording is not as long as the call.',
    hint: 'Check the free space in the spool of the PBX, and the log of the recorder.',
  },
  internal: {
    message: 'The recorder had an internal error.',
    hint: 'Look at its log, and check the free space of the data directory.',
  },
};

/** Whether an overloaded machine may be the cause. */
export const isTiming = (fault: TestFault): boolean =>
  fault === 'offset' || fault === 'dropouts' || fault === 'duration';
