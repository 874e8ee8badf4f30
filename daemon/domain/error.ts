/** Whose fault an error is: the person who set things up, the other side of a connection, or Tapedeck. */
export type Blame = 'operator' | 'peer' | 'us';

/** `others`: what people are told who cannot do what the hint says, because they do not administer Tapedeck. */
type Entry = { message: string; hint: string; others?: string; blame: Blame; status?: number };

const catalogue = {
  config_missing: {
    message: 'The configuration file cannot be read.',
    hint: 'Run "tapedeck setup" as root, which writes it; on a machine that replaces a lost one, "tapedeck restore". Or name yours with --config.',
    blame: 'operator',
  },
  config_invalid: {
    message: 'The configuration is not valid.',
    hint: 'Correct the settings named above and start again.',
    blame: 'operator',
  },
  secret_missing: {
    message: 'A secret cannot be read.',
    hint: 'Put it in the file that tapedeck.toml names, readable by the tapedeck user only.',
    blame: 'operator',
  },
  already_running: {
    message: 'Another Tapedeck daemon is using this data directory.',
    hint: 'Stop it first, or give this one a data directory of its own.',
    blame: 'operator',
  },
  data_foreign: {
    message: 'The data directory belongs to another user.',
    hint: 'Give it to the user that the recorder runs as ("chown -R tapedeck:tapedeck" and the folder), give the dashboard its files in web/ and tls/ again ("systemd-tmpfiles --create tapedeck.conf"), and start the recorder again.',
    blame: 'operator',
  },
  data_strange: {
    message: 'The data directory contains something that Tapedeck did not put there.',
    hint: 'Find out who put it there. Move it away, put the real file back (from a backup if need be), and start the recorder again.',
    blame: 'operator',
  },
  data_absent: {
    message: 'The data directory is empty, but this machine has recorded before.',
    hint: 'If the data is on another disk, mount it ("findmnt", /etc/fstab), and start the recorder again. To begin anew without the earlier recordings, first run "rm -f /etc/tapedeck/witness/data.json" and "touch" on the master key file.',
    blame: 'operator',
  },
  data_other: {
    message: 'The data directory belongs to another installation.',
    hint: 'Mount the right disk ("findmnt", /etc/fstab), and start the recorder again. If this data is to be used here from now on, remove the file data.json named above first.',
    blame: 'operator',
  },
  root_kept: {
    message: "This Node.js refuses to give up root's rights.",
    hint: 'Use the command of the package, which has a Node.js of its own (docs/start/install.md), or run this one as the recorder\'s user: "runuser -u tapedeck -- tapedeck" and the rest.',
    blame: 'operator',
  },
  path_untrusted: {
    message: 'Something is in the way of a command that runs as root.',
    hint: 'Nothing was written through it. Somebody may have put it there to have root change another file: find out who. If it is yours, put a plain file or folder in its place ("cp --remove-destination"), and run the command again. Root follows links only in folders that nobody else can write.',
    blame: 'operator',
  },
  data_unmoved: {
    message: 'The data directory still has the layout of an earlier version of Tapedeck.',
    hint: 'Start the recorder once ("systemctl start tapedeck"): it moves the files to their new places. Then try again.',
    blame: 'operator',
    status: 503,
  },
  import_folder: {
    message: 'The folder with the recordings to import cannot be read.',
    hint: 'Check its path, and let the recorder\'s user read it and enter each folder above it: "setfacl -R -m u:tapedeck:rX" and the folder. After a reboot, run the import again as root.',
    blame: 'operator',
  },
  import_root: {
    message: 'The process that opens the originals for the recorder was not started.',
    hint: 'Run the import as root: the sandbox of the recorder hides folders of the PBX and home directories from it.',
    blame: 'operator',
  },
  import_unfinished: {
    message: 'This import is not finished.',
    hint: 'Originals are removed only once their import is done: "tapedeck jobs" shows its progress. Then try again.',
    blame: 'operator',
  },
  import_unknown: {
    message: 'There is no such import.',
    hint: '"tapedeck jobs" lists the jobs of the last 90 days; "tapedeck import report" without an id shows the newest import.',
    blame: 'operator',
  },
  catalogue_missing: {
    message: 'The catalogue is missing.',
    hint: 'The recorder creates it at its first start: "systemctl start tapedeck". If it existed before, check that [data] dir in tapedeck.toml names the right folder and that its disk is mounted ("findmnt").',
    blame: 'operator',
    status: 503,
  },
  catalogue_away: {
    message: 'The catalogue cannot be read while the recorder is stopped.',
    hint: 'Start the recorder ("systemctl start tapedeck"): the dashboard continues by itself. If it is running, check the permissions of catalogue/ in the data directory ("ls -l") and what else has locked the catalogue ("tapedeck doctor").',
    others: 'The page continues by itself once the recorder is running. Tell an admin if it does not.',
    blame: 'operator',
    status: 503,
  },
  catalogue_older: {
    message: 'The catalogue is from an earlier version of Tapedeck.',
    hint: 'Start the recorder once with this version ("systemctl restart tapedeck"): it converts the catalogue. Then run the command again; the dashboard continues by itself.',
    others: 'The page continues by itself once the upgrade is finished. Tell an admin if it takes long.',
    blame: 'operator',
    status: 503,
  },
  catalogue_upgrading: {
    message: 'The catalogue is being converted to this version of Tapedeck.',
    hint: 'Calls are being recorded. "tapedeck upgrade status" shows the progress; try again when it is finished.',
    others: 'Calls are being recorded. The page continues by itself when the upgrade is finished.',
    blame: 'operator',
    status: 503,
  },
  upgrade_copy: {
    message: 'The data from before the upgrade cannot be brought back.',
    hint: 'Nothing was changed. "tapedeck upgrade status" lists the copies. Without one, restore a backup ("tapedeck restore").',
    blame: 'operator',
  },
  upgrade_room: {
    message: 'There is too little room on the disk for an upgrade.',
    hint: 'Nothing was changed. Make room in the data directory ("df -h", "tapedeck retention run"), or move recordings to an archive ([archive] in tapedeck.toml), and try again.',
    blame: 'operator',
  },
  daemon_unreachable: {
    message: 'The recorder is not responding.',
    hint: 'Start it with "systemctl start tapedeck" and try again.',
    blame: 'operator',
    status: 503,
  },
  recorder_busy: {
    message: 'The recorder has too many requests to answer.',
    hint: 'Wait a moment and try again. Calls are being recorded meanwhile.',
    blame: 'peer',
    status: 503,
  },
  daemon_differs: {
    message: 'The recorder runs another version of Tapedeck.',
    hint: 'Restart it, and the dashboard: "systemctl restart tapedeck tapedeck-web".',
    blame: 'operator',
    status: 503,
  },
  setup_answers: {
    message: 'The answers are not valid.',
    hint: 'Correct the lines named above and run "tapedeck setup" again. Nothing was changed.',
    blame: 'operator',
  },
  setup_conflict: {
    message: 'Setup cannot continue.',
    hint: 'Correct what is named above and run "tapedeck setup" again. Nothing was changed.',
    blame: 'operator',
  },
  setup_changed: {
    message: 'A file was changed by somebody else while setup was running.',
    hint: 'That file was left as it is. Run "tapedeck setup" again: it continues where it stopped.',
    blame: 'operator',
  },
  setup_setting: {
    message: 'FreePBX did not accept a setting.',
    hint: 'Set it under Settings, Advanced Settings, and run "tapedeck setup" again: it continues where it stopped.',
    blame: 'peer',
  },
  setup_database: {
    message: 'The database of the PBX refused a request.',
    hint: 'Name an administrator of the database who may create users, and run "tapedeck setup" again: it continues where it stopped.',
    blame: 'operator',
  },
  setup_failed: {
    message: 'A step of setup failed.',
    hint: 'Correct what is named above and run "tapedeck setup" again: it continues where it stopped. "tapedeck setup --undo" takes the changes back.',
    blame: 'operator',
  },
  setup_root: {
    message: 'Only root can set up Tapedeck.',
    hint: 'Run it with sudo: "sudo tapedeck setup".',
    blame: 'operator',
  },
  tls_invalid: {
    message: 'The certificate of the dashboard cannot be used.',
    hint: 'Correct [web] in tapedeck.toml or the files that it names; "tapedeck tls status" says what is served.',
    blame: 'operator',
  },
  port_denied: {
    message: 'The dashboard is not allowed to listen on its port.',
    hint: 'Ports below 1024 need CAP_NET_BIND_SERVICE: see "When something differs" in docs/operate/services.md, or set [web] port to 8090. Then: systemctl start tapedeck-web.',
    blame: 'operator',
  },
  port_unavailable: {
    message: 'The dashboard cannot listen on its address.',
    hint: 'Find out what uses the port ("ss -ltnp") and which addresses this machine has ("ip addr"), and correct [web] address and port in tapedeck.toml. The dashboard retries automatically.',
    blame: 'operator',
  },
  acme_failed: {
    message: 'The ACME server did not issue a certificate.',
    hint: 'Check that [web] acme_directory responds, and that it can reach every name in hosts on port 80.',
    blame: 'peer',
  },
  https_needed: {
    message: 'This request needs HTTPS.',
    hint: 'Use the https:// address.',
    blame: 'peer',
    status: 403,
  },
  dashboard_failed: {
    message: 'The dashboard did not serve a recording.',
    hint: 'Start it with "tapedeck web" (systemctl start tapedeck-web), and look at its log.',
    blame: 'us',
  },
  pbx_unreachable: {
    message: 'The PBX is not responding.',
    hint: 'Check that Asterisk is running, and that http.conf and manager.conf listen on the addresses in tapedeck.toml.',
    blame: 'peer',
    status: 503,
  },
  pbx_untrusted: {
    message: 'The certificate of the PBX is not accepted.',
    hint: 'Nothing was sent to it. Renew its certificate, write the name that the certificate has into "ari_url" or "ami_host" of tapedeck.toml, or name the authority that signed it ("ari_ca_file", "ami_ca_file"). "tapedeck doctor" says which.',
    blame: 'peer',
    status: 503,
  },
  pbx_refused: {
    message: 'The PBX refused the user name or the password.',
    hint: 'Compare ari.conf and manager.conf with the users and secrets that tapedeck.toml names.',
    blame: 'operator',
  },
  pbx_failed: {
    message: 'The PBX refused a request.',
    hint: 'The detail says what Asterisk answered; its own log says more.',
    blame: 'peer',
  },
  pbx_timeout: {
    message: 'The PBX accepted a request and did not act on it in time.',
    hint: 'Look for load or a deadlock: "asterisk -rx \'core show locks\'".',
    blame: 'peer',
  },
  prompt_unplayable: {
    message: 'Asterisk could not play an announcement into the call.',
    hint: 'The detail names the prompt: see that Asterisk can read it where it looks for it. Its own log says more.',
    blame: 'peer',
  },
  pbx_unknown: {
    message: 'tapedeck.toml has no PBX with this id.',
    hint: 'Write an id that a [[pbx]] section has, or "first" for the one without an id.',
    blame: 'operator',
  },
  cdr_unreadable: {
    message: "The PBX's own call records cannot be read.",
    hint: 'Correct [coverage] in tapedeck.toml, or give the tapedeck user the right to read them.',
    blame: 'operator',
  },
  spool_unreadable: {
    message: 'A captured file cannot be used as audio.',
    hint: 'It is kept where it is; look at it with "tapedeck doctor" and "ffprobe".',
    blame: 'peer',
  },
  spool_denied: {
    message: "The permissions of Asterisk's spool keep Tapedeck from using captured audio.",
    hint: 'The folder has to belong to Asterisk\'s user and group with mode 2770, and the recorder\'s user to that group. On FreePBX "fwconsole chown" undoes this: see docs/start/asterisk-configuration.md. Nothing is lost; Tapedeck retries automatically.',
    blame: 'operator',
  },
  spool_failing: {
    message: "The disk of Asterisk's spool keeps Tapedeck from using captured audio.",
    hint: 'Look at the disk: as root, "dmesg" shows its errors, and "mount" whether it has become read-only. If Asterisk can write there and only the recorder cannot, add ReadWritePaths= with the folder ("systemctl edit tapedeck"). Nothing is lost; Tapedeck retries automatically.',
    blame: 'operator',
  },
  spool_refused: {
    message: "A file in Asterisk's spool is not as Asterisk writes it, so it is neither used nor removed.",
    hint: 'Find out who put it there, and correct what is wrong with the file. Nothing is lost; Tapedeck retries automatically.',
    blame: 'operator',
  },
  ffmpeg_missing: {
    message: 'ffmpeg cannot be started.',
    hint: 'Install it (apt install ffmpeg), or set [encode] ffmpeg in tapedeck.toml.',
    blame: 'operator',
  },
  encoder_away: {
    message: 'The encoder, which runs ffmpeg, does not answer.',
    hint: 'Look at "systemctl status tapedeck-encoder.socket tapedeck-encoder", and at [encode] socket in tapedeck.toml. The captured audio is kept and retried.',
    blame: 'operator',
  },
  encode_failed: {
    message: 'ffmpeg could not make the recording.',
    hint: "The captured audio is kept and retried; the detail has the last lines of ffmpeg's output.",
    blame: 'us',
  },
  encode_short: {
    message: 'The recording is shorter or longer than the captured audio.',
    hint: 'The captured audio is kept and retried.',
    blame: 'us',
  },
  disk_full: {
    message: 'The disk is full.',
    hint: 'Free some space or use a larger disk. Pending work then continues automatically.',
    others: 'Tell an admin: the disk of the recorder has to be freed.',
    blame: 'operator',
    status: 507,
  },
  open_files: {
    message: 'The limit of open files is too low.',
    hint: 'Raise it and start Tapedeck again: "ulimit -n 1024" in the shell, LimitNOFILE=524288 in a drop-in of its unit, or "nofile" in /etc/security/limits.conf.',
    blame: 'operator',
  },
  disk_failed: {
    message: 'The disk reported an error.',
    hint: 'Look at "dmesg" and at the disk\'s own health (smartctl -a); pending writes are retried.',
    blame: 'peer',
    status: 503,
  },
  disk_read_only: {
    message: 'The disk is read-only.',
    hint: 'Linux does this after a disk error: see "dmesg", repair the file system and mount it for writing again.',
    blame: 'peer',
    status: 503,
  },
  service_read_only: {
    message: 'The folder is read-only for the recorder alone: its systemd unit does not name it.',
    hint: 'Run "systemctl edit tapedeck", add ReadWritePaths= with that folder below [Service], and restart the recorder.',
    blame: 'operator',
    status: 503,
  },
  catalogue_locked: {
    message: 'Another program has locked the catalogue, so nothing can be written to it.',
    hint: 'Find out which ("fuser -v catalogue/catalogue.db" in the data directory: a backup, or an open sqlite3) and end it. Pending writes then continue automatically.',
    blame: 'operator',
    status: 503,
  },
  catalogue_damaged: {
    message: 'The catalogue is damaged.',
    hint: 'Something has changed catalogue/catalogue.db in the data directory. Stop both services and restore it from a backup. Calls are still captured: their audio waits in the spool.',
    blame: 'operator',
    status: 503,
  },
  audit_unwritable: {
    message: 'This was not done because the audit log cannot be written.',
    hint: 'Calls are still being recorded. Run "tapedeck status" on the recorder to see the cause: usually the disk of the data directory is full ("df -h") or read-only ("dmesg"), or another program has locked catalogue.db ("fuser -v"). Fix it and try again.',
    others:
      'Calls are still being recorded. Tell an admin that the audit log cannot be written, then try again.',
    blame: 'operator',
    status: 503,
  },
  checkpoint_refused: {
    message: 'No checkpoint of the audit log was signed: the log does not continue from the last checkpoint.',
    hint: 'Run "tapedeck audit verify", which names the entry. After a backup was restored: "tapedeck audit accept --reason ..." continues from the current log, and records that in it.',
    blame: 'peer',
    status: 409,
  },
  seal_damaged: {
    message: 'The sealed recording was altered or truncated.',
    hint: 'Restore this file from a backup; the current one cannot be trusted.',
    blame: 'peer',
    status: 500,
  },
  archive_refused: {
    message: 'This directory was not marked as the archive.',
    hint: 'Set [archive] directory in tapedeck.toml to the mounted storage of this installation, and try again.',
    blame: 'operator',
  },
  archive_unreachable: {
    message: 'This recording is in the archive, which cannot be reached right now.',
    hint: 'Run "tapedeck archive status" on the recorder: it says what is wrong. Usually the network storage is off or not mounted ("findmnt"). The recording is not lost; try again when the archive is back.',
    others: 'Tell an admin that the archive cannot be reached. The recording is not lost; try again later.',
    blame: 'operator',
    status: 503,
  },
  key_missing: {
    message: 'The key of this recording is missing.',
    hint: 'The recording was erased, or keys.db does not belong to these files.',
    blame: 'operator',
    status: 410,
  },
  master_key_missing: {
    message: 'The master key cannot be read.',
    hint: 'Restore the file that [keys] master_key_file names from your backup: without it no recording can be played. Create one only on a new machine, as docs/start/by-hand.md describes.',
    blame: 'operator',
  },
  master_key_wrong: {
    message: 'The master key does not belong to this keys.db.',
    hint: 'Restore the master key that was in use when these recordings were made.',
    blame: 'operator',
  },
  passphrase_missing: {
    message: 'The master key is locked with a passphrase, and none was given.',
    hint: 'Type it at the console, or give it as the credential "master-passphrase" or with --passphrase-fd; docs/operate/master-key.md says how.',
    blame: 'operator',
  },
  passphrase_wrong: {
    message: 'The passphrase does not open the master key.',
    hint: 'Try again; nothing was changed.',
    blame: 'operator',
  },
  signing_key_missing: {
    message: 'The signing key cannot be used.',
    hint: "Start the recorder, which creates it. Signing needs the recorder's user or root.",
    blame: 'operator',
  },
  backup_off: {
    message: 'Backups are not set up.',
    hint: 'Run "tapedeck backup setup" (docs/operate/backup.md).',
    blame: 'operator',
  },
  backup_target: {
    message: 'The place for backups cannot be used.',
    hint: 'Check that the folder or bucket in [backup] is there, that its disk or mount is ("findmnt"), and that the user named for it may write there; for [backup] path that is tapedeck.',
    blame: 'operator',
  },
  backup_unreachable: {
    message: 'The place for backups cannot be reached.',
    hint: 'Check its address and port in [backup], that the server runs, and that the recorder may connect to it: IPAddressAllow= in its unit (docs/operate/backup.md).',
    blame: 'operator',
  },
  backup_denied: {
    message: 'The place for backups refused access.',
    hint: 'Check the user or access key in [backup], the file with its key, and that it is allowed to list, read and write there (docs/operate/backup.md).',
    blame: 'operator',
  },
  backup_host_key: {
    message:
      'The SFTP server has a different host key than host_key in [backup] sftp. Nothing was sent to it.',
    hint: 'If the server was installed anew, read its key on the server itself (/etc/ssh/ssh_host_ed25519_key.pub) and set host_key to it. Otherwise somebody may be between the two machines.',
    blame: 'operator',
  },
  backup_full: {
    message: 'The place for backups is full.',
    hint: 'Free some space there or give it more, or set [backup] keep_days lower. Backups that are there already are whole.',
    blame: 'operator',
  },
  backup_clock: {
    message: 'The store refused the request because the clocks differ.',
    hint: 'Correct the clock of this machine ("timedatectl") or that of the store.',
    blame: 'operator',
  },
  backup_locked: {
    message: 'The place for backups does not allow this object to be deleted.',
    hint: 'Either allow it, or have the store delete old backups by itself (docs/operate/backup.md).',
    blame: 'operator',
  },
  backup_absent: {
    message: 'There is no such backup.',
    hint: '"tapedeck backup list" lists the backups at a place.',
    blame: 'operator',
  },
  backup_damaged: {
    message: 'The backup is damaged or was changed.',
    hint: 'Use another backup ("tapedeck backup list"), and make a new one. Find out what changed this one.',
    blame: 'operator',
  },
  backup_identity: {
    message: 'The identity does not open this backup.',
    hint: 'Use the file with the age identity ("AGE-SECRET-KEY-1...") of the recipient that [backup] recipient named when the backup was made.',
    blame: 'operator',
  },
  backup_key_gone: {
    message: 'The key of this backup is not there.',
    hint: 'Each backup has a key of its own, which Tapedeck destroys once the backup is no longer kept: then nobody can open it. If keys are kept apart ([backup] key_path), name their folder with --keys. Otherwise use a newer backup.',
    blame: 'operator',
  },
  backup_rotating: {
    message: 'The master key is being changed.',
    hint: 'Finish the change ("tapedeck keys rotate"). The backup is tried again by itself.',
    blame: 'operator',
  },
  restore_list: {
    message: 'The list of erasures and holds is older than the backup, or belongs to another Tapedeck.',
    hint: 'Give the newest list of this Tapedeck: lists/newest.json and the file that it names.',
    blame: 'operator',
  },
  restore_occupied: {
    message: 'The data directory is not empty.',
    hint: 'A restore needs an empty data directory. Move what is there away, then run "systemd-tmpfiles --create tapedeck.conf" and the same command again.',
    blame: 'operator',
  },
  restore_root: {
    message: 'Only root can restore a machine that has no configuration.',
    hint: 'Run it with sudo. "tapedeck restore --no-setup" restores as any user what is theirs, and starts nothing.',
    blame: 'operator',
  },
  restore_unfinished: {
    message: 'A restore into this data directory was not finished.',
    hint: 'Run the same "tapedeck restore" again: it continues where it stopped. Until then nothing is served.',
    blame: 'operator',
  },
  moved_away: {
    message: 'This Tapedeck was moved to another machine, and records no more here.',
    hint: 'Use the other machine. If that has not taken over, "tapedeck move cancel" takes the move back. Both must never record.',
    blame: 'operator',
  },
  move_unproved: {
    message: 'The new machine has not received a whole backup of this one.',
    hint: 'Run "tapedeck backup create --wait" here, then "tapedeck move receive" on the new machine, and try again (docs/operate/moving.md).',
    blame: 'operator',
  },
  move_unsealed: {
    message: 'Calls are in progress, or their recordings are not finished: no backup has their sound.',
    hint: 'Start the recorder again, wait until "tapedeck move check" says that none is left, and stop it then. If Asterisk is on a machine of its own, --leave-calls hands them over too: it goes on recording them, and the new recorder fetches them.',
    blame: 'operator',
  },
  move_over: {
    message: 'The new machine has taken over: the move cannot be cancelled.',
    hint: 'Use the new machine. To go back, move from there to here.',
    blame: 'operator',
  },
  move_none: {
    message: 'No move was begun here.',
    hint: 'There is nothing to cancel.',
    blame: 'operator',
  },
  move_withdrawn: {
    message: 'The old machine has taken the move back.',
    hint: 'Do not start the recorder here. Run "tapedeck move finish" there again, then "tapedeck move receive" here.',
    blame: 'operator',
  },
  catalogue_newer: {
    message: 'The catalogue was written by a newer Tapedeck.',
    hint: 'Install that version again, or go back to the data from before the upgrade: "tapedeck upgrade status" says whether there is a copy. After an upgrade, restart what still runs the earlier version: "systemctl restart tapedeck tapedeck-web".',
    others: 'The page continues by itself once the upgrade is finished. Tell an admin if it takes long.',
    blame: 'operator',
    status: 503,
  },
  keys_newer: {
    message: 'keys.db was written by a newer Tapedeck.',
    hint: 'Install that version again; going back is not possible without a backup.',
    blame: 'operator',
  },
  path_unusable: {
    message: 'A file or folder cannot be used.',
    hint: 'Check the path and its permissions ("ls -ld"), or use another one; then run the command again.',
    blame: 'operator',
  },
  database_damaged: {
    message: 'A database of Tapedeck cannot be read.',
    hint: 'Stop both services, keep a copy of the data directory as it is, and restore the database from a backup. Recordings are not affected: they are separate files.',
    blame: 'peer',
    status: 503,
  },
  catalogue_journal: {
    message: 'A file beside the catalogue has the name of an SQLite journal but is not one.',
    hint: 'Tapedeck did not put it there. Find out who did, move it away and start again.',
    blame: 'peer',
  },
  row_unreadable: {
    message: 'A row of the catalogue cannot be read: its content is not what Tapedeck writes.',
    hint: 'Find out what else writes to catalogue.db, and restore it from a backup. The recorder has raised an alarm that names the row.',
    blame: 'peer',
    status: 500,
  },
  policy_unreadable: {
    message: 'The policy in the catalogue cannot be read, so nothing is erased.',
    hint: 'Save the policy again on its page, or run "tapedeck policy import FILE". Then find out what else writes to catalogue.db.',
    blame: 'peer',
    status: 409,
  },
  schema_altered: {
    message: 'The schema of the catalogue was changed, so nothing is signed.',
    hint: 'Run "tapedeck audit verify", keep a copy of catalogue.db, and restore it from a backup. Calls are still recorded.',
    blame: 'peer',
    status: 409,
  },
  call_unknown: {
    message: 'This call does not exist, or you do not have access to it.',
    hint: 'Take the id from the address of its page or from "tapedeck calls".',
    others: 'Open the call from the list of calls.',
    blame: 'operator',
    status: 404,
  },
  call_refused: {
    message: 'Somebody on this call has refused to be recorded.',
    hint: 'They refused on their own phone, and only they can take that back there, with the key to agree.',
    blame: 'operator',
    status: 409,
  },
  decline_stands: {
    message: 'This decline can no longer be taken back.',
    hint: 'What was recorded of the call is destroyed. If the caller agrees after all, allow the recording: the call is recorded from then on.',
    blame: 'operator',
    status: 409,
  },
  declined_too_often: {
    message:
      'Too many calls were declined within an hour, so this one is masked: nothing more of it is recorded.',
    hint: 'What was recorded of it before is kept. If it may not be kept, have its recording erased after the call; and find out why so many are declined.',
    others:
      'What was recorded of it before is kept. Ask an admin to erase its recording if it may not be kept.',
    blame: 'operator',
    status: 429,
  },
  call_over: {
    message: 'This call is over.',
    hint: 'Recording can be declined or masked during a call, and a call can be kept until a minute after its end.',
    blame: 'operator',
    status: 409,
  },
  recording_absent: {
    message: 'This call has no recording that can be played.',
    hint: 'Its page says why: it was excluded, erased, or is still processing.',
    blame: 'operator',
    status: 404,
  },
  recording_erasing: {
    message: 'This recording is being erased.',
    hint: 'Its erasure began before and goes on by itself. Look at the call again later.',
    blame: 'operator',
    status: 409,
  },
  redaction_refused: {
    message: 'This version of the recording cannot be redacted.',
    hint: 'Only the current version can be redacted, and only once at a time. Open the call again to see the current version.',
    blame: 'operator',
    status: 409,
  },
  kept_by_hold: {
    message: 'This recording is under legal hold and cannot be erased.',
    hint: 'Its page names the matters that hold it. Releasing a matter takes two people, on the page of the matter.',
    blame: 'operator',
    status: 409,
  },
  kept_by_minimum: {
    message: 'This recording has to be kept for longer and cannot be erased yet.',
    hint: 'The detail says until when, and by which rule.',
    blame: 'operator',
    status: 409,
  },
  matter_unknown: {
    message: 'There is no such matter.',
    hint: 'Look at the list of legal holds.',
    blame: 'operator',
    status: 404,
  },
  matter_exists: {
    message: 'There is a matter with this name already.',
    hint: 'Choose another name, or add to that matter.',
    blame: 'operator',
    status: 409,
  },
  destroy_held: {
    message: 'Nothing was destroyed: recordings are under a legal hold.',
    hint: 'Release each matter first, which takes a second person ("tapedeck holds release", or Legal holds on the dashboard), and run this again. What has to be kept for it can be exported before as an evidence pack.',
    blame: 'operator',
  },
  destroy_unread: {
    message: 'Nothing was destroyed: whether recordings are under a legal hold cannot be read.',
    hint: 'Correct what the detail says, such as by "tapedeck doctor", and run this again. Where the catalogue is lost for good, docs/operate/uninstall.md says how to destroy what is left by hand.',
    blame: 'operator',
  },
  destroy_root: {
    message: 'Nothing was destroyed: only root can destroy everything.',
    hint: 'Run it as root, or as the owner of the data directory.',
    blame: 'operator',
  },
  destroy_left: {
    message: 'The keys are destroyed, but not everything could be removed.',
    hint: 'No recording can be opened any more. Remove what keeps the files named above from being removed, and run this again.',
    blame: 'operator',
  },
  matter_changed: {
    message: 'The matter has changed since then.',
    hint: 'Nothing was done. Open the matter again, and ask again if that is still what you want.',
    blame: 'operator',
    status: 409,
  },
  matter_released: {
    message: 'This matter has been released.',
    hint: 'Open a new matter to hold recordings.',
    blame: 'operator',
    status: 409,
  },
  hold_invalid: {
    message: 'The legal hold was not saved.',
    hint: 'Nothing was changed. Correct the problem named and try again.',
    blame: 'operator',
    status: 400,
  },
  hold_narrower: {
    message: 'The new query asks for fewer calls than the old one.',
    hint: 'Nothing was changed. Ask for a release instead: a second person has to approve it.',
    blame: 'operator',
    status: 409,
  },
  holds_full: {
    message: 'There are already 200 open matters, which is the limit.',
    hint: 'Nothing was changed. Release a matter that is over, or add to one that is open.',
    blame: 'operator',
    status: 409,
  },
  privacy_unknown: {
    message: 'There is no such request.',
    hint: 'Look at the list of requests.',
    blame: 'operator',
    status: 404,
  },
  privacy_closed: {
    message: 'This request cannot be changed any more.',
    hint: 'It was closed, or its deadline was extended before. Enter a new request if the person asks again.',
    blame: 'operator',
    status: 409,
  },
  privacy_invalid: {
    message: 'The request was not saved.',
    hint: 'Nothing was changed. Correct the problem named and try again.',
    blame: 'operator',
    status: 400,
  },
  privacy_late: {
    message: 'The deadline of this request cannot be extended any more.',
    hint: 'The person has to be told of an extension before the first deadline. Answer the request as soon as you can.',
    blame: 'operator',
    status: 409,
  },
  privacy_refused: {
    message: 'The sound of this call cannot be given to the person who asks.',
    hint: 'The detail says why.',
    blame: 'operator',
    status: 409,
  },
  privacy_full: {
    message: 'There are already 1,000 open requests, which is the limit.',
    hint: 'Nothing was changed. Close requests that have been answered.',
    blame: 'operator',
    status: 409,
  },
  evidence_refused: {
    message: 'An evidence pack of this call cannot be created.',
    hint: 'The detail says why, and when it will be possible.',
    blame: 'operator',
    status: 409,
  },
  reason_needed: {
    message: 'A reason is needed to listen to this call.',
    hint: 'Play it on its page, which asks for the reason. With the API, send the reason to /calls/ID/listen first.',
    blame: 'operator',
    status: 403,
  },
  mask_failed: {
    message: 'This recording cannot be played in part.',
    hint: 'People with access to the whole call can play it. The log names the problem with the file.',
    blame: 'us',
    status: 500,
  },
  policy_invalid: {
    message: 'The policy is not valid.',
    hint: 'Nothing was changed. Correct the problems named and save again.',
    blame: 'operator',
    status: 400,
  },
  list_unknown: {
    message: 'There is no list of numbers with this name.',
    hint: 'Check the spelling against the names of the existing lists.',
    blame: 'operator',
    status: 404,
  },
  list_exists: {
    message: 'There is a list of numbers with this name already.',
    hint: 'Choose another name, or add to that list.',
    blame: 'operator',
    status: 409,
  },
  list_used: {
    message: 'A rule of the policy uses this list.',
    hint: 'Nothing was removed. Take the list out of the rules first.',
    blame: 'operator',
    status: 409,
  },
  list_full: {
    message: 'That exceeds the limit of the number lists.',
    hint: 'Nothing was changed. There can be 100 lists, each of up to 100,000 numbers. Remove what is not needed any more.',
    blame: 'operator',
    status: 409,
  },
  list_invalid: {
    message: 'The numbers were not imported.',
    hint: 'Nothing was changed. Correct the lines that are named and import the file again.',
    blame: 'operator',
    status: 400,
  },
  certificate_unknown: {
    message: 'There is no such certificate of erasure.',
    hint: 'Open the list of certificates to find the right one.',
    blame: 'operator',
    status: 404,
  },
  consent_unknown: {
    message: 'There is no such consent or objection.',
    hint: 'Look at the list of consents and objections.',
    blame: 'operator',
    status: 404,
  },
  consent_invalid: {
    message: 'The consent or objection was not saved.',
    hint: 'Nothing was changed. Correct the problem named and try again.',
    blame: 'operator',
    status: 400,
  },
  consent_full: {
    message: 'That exceeds the limit of consents and objections.',
    hint: 'Nothing was changed. The limit is 100,000. For more, use a number list with a rule.',
    blame: 'operator',
    status: 409,
  },
  reason_names: {
    message: 'Enter a reason that names nobody who was on the call.',
    hint: 'Nothing was done. The audit log keeps the reason forever, even after names and numbers are removed from the call. Write what led to it, such as a case number or the day of a request, and leave out the number and the name.',
    blame: 'operator',
    status: 400,
  },
  consent_reason: {
    message: 'Enter why the personal data is erased, without naming anybody.',
    hint: 'Nothing was erased. The reason is kept forever. Write what led to it, such as the day of the request, and leave out the number and the name.',
    blame: 'operator',
    status: 400,
  },
  document_invalid: {
    message: 'This file cannot be kept as a signed document.',
    hint: 'Upload a PDF, PNG or JPEG file of at most 5 MB.',
    blame: 'operator',
    status: 422,
  },
  document_unknown: {
    message: 'There is no document with this consent or objection.',
    hint: 'It may have been erased. Reload the page to see when, and by whom.',
    blame: 'operator',
    status: 404,
  },
  approval_unknown: {
    message: 'This approval does not exist, or you do not have access to it.',
    hint: 'Look at the list of approvals.',
    blame: 'operator',
    status: 404,
  },
  approval_missing: {
    message: 'This needs the approval of a second person.',
    hint: 'Ask for approval and try again when a second person has approved. An approval is valid only for exactly what was shown, and only until it expires.',
    blame: 'operator',
    status: 403,
  },
  approval_over: {
    message: 'This approval is no longer waiting.',
    hint: 'It was approved, withdrawn or used, or it has expired. Reload the page to see which.',
    blame: 'operator',
    status: 409,
  },
  approval_changed: {
    message: 'The request has changed since this page was loaded.',
    hint: 'Nothing was approved. Reload the page and read it again.',
    blame: 'operator',
    status: 409,
  },
  approval_own: {
    message: 'You asked for this yourself.',
    hint: 'Another person has to approve it.',
    blame: 'operator',
    status: 403,
  },
  approval_tied: {
    message: 'You are not independent of the person who asked.',
    hint: "In the last 7 days, one of you added the other's account, created a password link for it or gave it more permissions. Let another person approve, or wait.",
    blame: 'operator',
    status: 403,
  },
  approval_factor: {
    message: 'Approving needs a second factor that you have had for at least 7 days.',
    hint: 'Use an authenticator app or a passkey that is older, or let another admin approve. Passwords and recovery codes never count. If you have no app or passkey, add one on your account page: it counts after 7 days.',
    blame: 'operator',
    status: 403,
  },
  version_unknown: {
    message: 'There is no such version of the policy.',
    hint: 'Look at the list of versions.',
    blame: 'operator',
    status: 404,
  },
  speech_missing: {
    message: 'espeak-ng, which speaks announcements, is not installed.',
    hint: 'Install it where Tapedeck runs (apt install espeak-ng), or upload a recording of the announcement.',
    blame: 'operator',
    status: 422,
  },
  prompt_invalid: {
    message: 'This file cannot be used as a prompt.',
    hint: 'Upload between half a second and 30 seconds of audible speech as WAV, MP3, Ogg or FLAC, at most 6 MB.',
    blame: 'operator',
    status: 422,
  },
  prompt_unknown: {
    message: 'There is no such prompt.',
    hint: 'Reload the page: somebody may have changed the prompts.',
    blame: 'operator',
    status: 404,
  },
  policy_conflict: {
    message: 'Somebody else changed the policy in the meantime.',
    hint: 'Load the current version, make your change again and save.',
    blame: 'operator',
    status: 409,
  },
  still_counting: {
    message: 'The report cannot be shown yet: the calls of these days are still being counted.',
    hint: 'The recorder does that once after an upgrade or an import, newest calls first, in about a minute for each 100,000. Choose fewer days, or try again later. Files of the report can be made at any time.',
    blame: 'us',
    status: 409,
  },
  preview_changed: {
    message: 'The effect of this policy on existing recordings differs from the preview.',
    hint: 'Recordings have been erased, or the policy or a number list was changed meanwhile. No existing recording was changed. Look at the preview again, and apply it then.',
    blame: 'operator',
    status: 409,
  },
  emergency_unconfirmed: {
    message: 'This policy would have no emergency numbers: calls to them would be recorded.',
    hint: 'Nothing was changed. If that is what you want, confirm it: in the dialog of the dashboard, with "confirm_no_emergency_numbers" in the API, or with "tapedeck policy import --allow-no-emergency-numbers".',
    blame: 'operator',
    status: 409,
  },
  retention_refused: {
    message: 'The safety limit stopped this run. Nothing was erased.',
    hint: 'Check "tapedeck retention plan". If it is correct, run it again with the confirmation that it prints.',
    blame: 'operator',
    status: 409,
  },
  name_unclear: {
    message: 'This name could be mistaken for another one.',
    hint: 'Write the name in one alphabet, without invisible characters.',
    blame: 'operator',
    status: 400,
  },
  user_exists: {
    message: 'That name is already taken.',
    hint: 'Choose another name.',
    blame: 'operator',
    status: 409,
  },
  person_unknown: {
    message: 'This person does not exist.',
    hint: 'They may have been removed. See the list of people.',
    blame: 'operator',
    status: 404,
  },
  person_invalid: {
    message: 'These permissions conflict.',
    hint: 'The detail says which permission is missing or not possible.',
    blame: 'operator',
    status: 400,
  },
  person_conflict: {
    message: 'Somebody else changed this person in the meantime.',
    hint: 'Load the current version, make your change again and save.',
    blame: 'operator',
    status: 409,
  },
  last_admin: {
    message: 'This is the last admin who can sign in.',
    hint: 'Make somebody else an admin first; without an admin, nobody could add people.',
    blame: 'operator',
    status: 409,
  },
  invitation_unknown: {
    message: 'This link is incomplete, was already used, or has expired.',
    hint: 'Ask a Tapedeck admin for a new one.',
    blame: 'operator',
    status: 403,
  },
  old_password_wrong: {
    message: 'The old password is wrong.',
    hint: 'Enter the password that you sign in with now.',
    blame: 'operator',
    status: 403,
  },
  token_refused: {
    message: 'This token is unknown, expired or revoked.',
    hint: 'Create a new one on your account page.',
    blame: 'peer',
    status: 401,
  },
  password_weak: {
    message: 'The password is too easy to guess.',
    hint: 'Use 12 characters or more; 15 is better. A few unrelated words are good.',
    blame: 'operator',
    status: 400,
  },
  sign_in_failed: {
    message: 'Name and password do not match.',
    hint: 'Check both and try again. If you forgot your password, ask a Tapedeck admin for a password link.',
    blame: 'operator',
    status: 401,
  },
  second_factor_needed: {
    message: 'Your second factor is still missing.',
    hint: 'Enter the code of your authenticator app, or use your passkey.',
    blame: 'operator',
    status: 403,
  },
  second_factor_slow: {
    message: 'Too many wrong codes.',
    hint: 'Wait for the time shown, or use a recovery code or a passkey: those work immediately.',
    blame: 'operator',
    status: 429,
  },
  factor_wrong: {
    message: 'This code is wrong or was already used.',
    hint: 'Wait for the next code in your app and enter that one. Check that the clock of your phone is right.',
    blame: 'operator',
    status: 403,
  },
  factor_unreadable: {
    message: 'The stored secret of your authenticator app cannot be read.',
    hint: 'The master key has changed. Use a recovery code, or reset the factors with "tapedeck user factors NAME --reset".',
    others: 'Use a recovery code, or ask an admin to reset your second factors.',
    blame: 'operator',
    status: 409,
  },
  passkey_refused: {
    message: 'This passkey was not accepted.',
    hint: 'Try again, or use another way to sign in.',
    blame: 'operator',
    status: 403,
  },
  last_factor: {
    message: 'Your role requires a second factor, and this is the last.',
    hint: 'Add another one first.',
    blame: 'operator',
    status: 409,
  },
  local_account_needed: {
    message: 'This needs a local Tapedeck account.',
    hint: 'You sign in with a directory or a provider, which is not enough to change rules, rights or recordings. Use a local account; an admin can add one for you.',
    blame: 'operator',
    status: 403,
  },
  own_factor_needed: {
    message: 'This needs a second factor of your own.',
    hint: 'You sign in with a directory or a provider, which is not enough for this. Add an authenticator app or a passkey on your account page.',
    blame: 'operator',
    status: 403,
  },
  proof_needed: {
    message: 'Confirm that it is you first.',
    hint: 'Enter your password or a code, or use a passkey. A code or a passkey is valid for this one change; a password for ten minutes, for this kind of change.',
    blame: 'operator',
    status: 403,
  },
  directory_down: {
    message: 'The directory is not responding, so only local Tapedeck accounts can sign in.',
    hint: 'Try again later. "tapedeck doctor" shows the cause.',
    blame: 'peer',
    status: 503,
  },
  directory_refused: {
    message: 'The directory refused the request.',
    hint: 'Compare [ldap] in tapedeck.toml with the directory.',
    blame: 'operator',
    status: 503,
  },
  provider_down: {
    message: 'The identity provider is not responding.',
    hint: 'Try again later. Local Tapedeck accounts can still sign in.',
    blame: 'peer',
    status: 503,
  },
  provider_refused: {
    message: 'Signing in with the identity provider failed.',
    hint: 'Try again. If it keeps failing, ask your Tapedeck admin to look in the log of the dashboard.',
    blame: 'peer',
    status: 403,
  },
  no_role: {
    message: 'Your account has no role in Tapedeck.',
    hint: 'Ask an admin to add you to a group with a role.',
    blame: 'operator',
    status: 403,
  },
  name_taken: {
    message: 'Your name belongs to another Tapedeck account.',
    hint: 'Ask an admin to rename or remove the other account.',
    blame: 'operator',
    status: 409,
  },
  not_signed_in: {
    message: 'You are not signed in.',
    hint: 'Sign in and try again.',
    blame: 'operator',
    status: 401,
  },
  person_changed: {
    message: 'Somebody else has signed in on this browser since you opened this page.',
    hint: 'Reload the page to continue as the person who is signed in now.',
    blame: 'operator',
    status: 409,
  },
  forbidden: {
    message: "You don't have permission to do this.",
    hint: 'If you need it for your work, ask a Tapedeck admin for the permission.',
    blame: 'operator',
    status: 403,
  },
  setup_code_wrong: {
    message: 'The set-up code is wrong or was already used.',
    hint: 'Run "tapedeck user setup-code" on the machine of Tapedeck for a new one.',
    blame: 'operator',
    status: 403,
  },
  forbidden_origin: {
    message: 'This request came from another site.',
    hint: 'Open the dashboard by its own address and try again.',
    blame: 'peer',
    status: 403,
  },
  request_invalid: {
    message: 'The request is not valid.',
    hint: 'The detail names the problem.',
    blame: 'peer',
    status: 400,
  },
  range_unsatisfiable: {
    message: 'The recording is shorter than the range asked for.',
    hint: 'Send the request without a Range header.',
    blame: 'peer',
    status: 416,
  },
  not_found: {
    message: 'There is nothing at this address.',
    hint: 'Go back to the list of calls.',
    blame: 'operator',
    status: 404,
  },
  too_many: {
    message: 'Too many attempts.',
    hint: 'Wait a minute and try again.',
    blame: 'peer',
    status: 429,
  },
  machine_busy: {
    message: 'This machine is too busy to answer at the moment.',
    hint: 'Try again in a few seconds. If that does not help, find out what else is running on it ("top"), or give it more processors or memory.',
    others: 'Try again in a few seconds. Tell an admin if that does not help.',
    blame: 'operator',
    status: 503,
  },
  mail_off: {
    message: 'Email is not set up.',
    hint: 'Set smtp_host and mail_from in [alerts] of tapedeck.toml, and restart the recorder and the dashboard.',
    others: 'Ask an admin to set up the mail server.',
    blame: 'operator',
    status: 409,
  },
  mailing_unknown: {
    message: 'No such report is sent by email.',
    hint: 'Somebody may have removed it. Reload the page.',
    blame: 'operator',
    status: 404,
  },
  mailing_invalid: {
    message: 'The schedule was not saved.',
    hint: 'Nothing was changed. Correct the problem named and try again.',
    blame: 'operator',
    status: 400,
  },
  mailings_full: {
    message: 'There are already 50 report schedules, which is the limit.',
    hint: 'Nothing was changed. Remove one that nobody needs.',
    blame: 'operator',
    status: 409,
  },
  mailing_stopped: {
    message: 'The report is not sent to anybody.',
    hint: 'Somebody who may have this report has to save the schedule, with recipients who may have it.',
    blame: 'operator',
    status: 409,
  },
  mailing_unsent: {
    message: 'The report could not be sent by email.',
    hint: 'Correct [alerts] in tapedeck.toml, an address of the schedule, or the cause in the detail, and send it again.',
    others: 'Correct an address of the schedule, or tell an admin what the detail says, and send it again.',
    blame: 'operator',
    status: 502,
  },
  alert_undelivered: {
    message: 'A message about an alarm could not be delivered.',
    hint: 'Correct [alerts] in tapedeck.toml or the cause in the detail, then run "tapedeck alert test".',
    blame: 'operator',
    status: 502,
  },
  check_waits: {
    message: 'The check waits until this machine has less to do.',
    hint: 'It continues by itself. [scrub] max_load in tapedeck.toml is the load above which it waits.',
    others: 'It continues by itself.',
    blame: 'operator',
  },
  job_unknown: {
    message: 'No such job is waiting or running.',
    hint: 'It may be over: look at "tapedeck jobs".',
    others: 'It may be over. Reload the page to see how it ended.',
    blame: 'operator',
    status: 404,
  },
  metrics_refused: {
    message: 'This address has no access to metrics.',
    hint: 'Add it to [metrics] allow in tapedeck.toml, or send the token as "Authorization: Bearer ...".',
    blame: 'operator',
    status: 403,
  },
  internal: {
    message: 'An internal error occurred in Tapedeck.',
    hint: 'The log has the details under this request id. Calls are still being recorded.',
    others: 'Try again. If it happens again, tell an admin this request id. Calls are still being recorded.',
    blame: 'us',
    status: 500,
  },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof catalogue;

/** Every error that Tapedeck raises on purpose: what happened, what to do, and whose fault it is. */
export const errors: Readonly<Record<ErrorCode, Entry>> = catalogue;

/** Names of commands, settings and files of the machine. */
const OF_THE_MACHINE =
  /"|\.(toml|conf|md|db)\b|\[\w+\]|\/etc\/|\b(apt|dmesg|smartctl|Asterisk|user of the recorder)\b/;

/** Returns what people without access to the machine can do about an error. It never names a command. */
export function hintForOthers(code: ErrorCode): string {
  const { hint, others } = errors[code];
  if (others !== undefined) return others;
  return OF_THE_MACHINE.test(hint) ? 'Tell a Tapedeck admin: they can fix it.' : hint;
}

export class TapedeckError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly blame: Blame;
  /** What was special about this time, in one line; never a secret. */
  readonly detail: string;
  /** HTTP status for the dashboard. */
  readonly status: number;

  constructor(code: ErrorCode, detail = '', cause?: unknown) {
    const entry = errors[code];
    super(detail ? `${entry.message} ${detail}` : entry.message, cause === undefined ? undefined : { cause });
    this.name = 'TapedeckError';
    this.code = code;
    this.hint = entry.hint;
    this.blame = entry.blame;
    this.detail = detail;
    this.status = entry.status ?? 500;
  }
}

/** Makes (does not throw) the error with this code. */
export function fail(code: ErrorCode, detail = '', cause?: unknown): TapedeckError {
  return new TapedeckError(code, detail, cause);
}

/**
 * Codes of the system and of SQLite (which has more of each kind, by a longer name). A catalogue that somebody holds, or
 * has damaged, is like a disk that is full: what is to be written waits.
 */
const DISK: [code: RegExp, ours: ErrorCode][] = [
  [/^(ENOSPC|EDQUOT|SQLITE_FULL)$/, 'disk_full'],
  [/^(EROFS|SQLITE_READONLY(_.*)?)$/, 'disk_read_only'],
  [/^EROFS_UNIT$/, 'service_read_only'],
  [/^(EIO|SQLITE_(IOERR|CANTOPEN)(_.*)?)$/, 'disk_failed'],
  [/^E[MN]FILE$/, 'open_files'],
  [/^SQLITE_(BUSY|LOCKED|PROTOCOL)(_.*)?$/, 'catalogue_locked'],
  [/^SQLITE_(CORRUPT|NOTADB)(_.*)?$/, 'catalogue_damaged'],
];

/** An error of the system or of SQLite that is a disk's, as ours; every other is given back as it is. */
export function diskError(e: unknown): unknown {
  if (!(e instanceof Error) || e instanceof TapedeckError || !('code' in e)) return e;
  const ours = DISK.find(([code]) => code.test(String(e.code)))?.[1];
  return ours ? fail(ours, `${e.message} (${e.code}).`, e) : e;
}

/** Whether a recording was not erased because something has it kept. */
export const isProtected = (e: unknown): e is TapedeckError =>
  e instanceof TapedeckError && (e.code === 'kept_by_hold' || e.code === 'kept_by_minimum');

/** Whether an error is a disk's, or an upgrade's: what it kept from being done is worth trying again. */
export const isDiskError = (e: unknown): boolean =>
  e instanceof TapedeckError &&
  (e.code === 'catalogue_upgrading' || DISK.some(([, ours]) => ours === e.code));

/** Whether a captured file is there and cannot be had until somebody has corrected something: its call waits. */
export const isWithheld = (e: unknown): boolean =>
  e instanceof TapedeckError && ['spool_denied', 'spool_failing', 'spool_refused'].includes(e.code);

/** Whether something waits for an upgrade of the catalogue, which is done in time: nothing to tell anybody. */
export const isUpgrading = (e: unknown): boolean =>
  e instanceof TapedeckError && e.code === 'catalogue_upgrading';

const DESTINATION: readonly ErrorCode[] = [
  ...(['backup_target', 'backup_unreachable', 'backup_denied', 'backup_host_key'] as const),
  ...(['backup_full', 'backup_clock', 'backup_locked', 'secret_missing'] as const),
];
/** Whether an error is that of the place for backups, and so says nothing about what lies there. */
export const isDestinationError = (e: unknown): boolean =>
  e instanceof TapedeckError && DESTINATION.includes(e.code);

/** Whether another process has a database and does not let go, by SQLite's code or ours. */
export function isLocked(e: unknown): boolean {
  const ours = diskError(e);
  return ours instanceof TapedeckError && ours.code === 'catalogue_locked';
}

/** An error of SQLite that says that this file is damaged or no database at all, as ours; every other is returned as it is. */
export function databaseError(e: unknown, path: string): unknown {
  if (!(e instanceof Error) || !('code' in e)) return e;
  return /^SQLITE_(NOTADB|CORRUPT|CANTOPEN_ISDIR)/.test(String(e.code))
    ? fail('database_damaged', `${path}: ${e.message} (${e.code}).`, e)
    : e;
}
