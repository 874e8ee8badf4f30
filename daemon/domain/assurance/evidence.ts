import { canonical } from './canonical.js';

/**
 * The files of an evidence pack, in the order in which they lie in it. What is before the access log is named with its
 * SHA-256 in the entry that the export leaves in the audit log, so that the signed checkpoint vouches for it too; the key
 * that signed the checkpoint is in `checkpoint-key.pem` only where it is another one than the one in `public-key.pem`.
 */
export const PACK = {
  readme: 'README.txt',
  cover: 'cover.pdf',
  verifier: 'verify.html',
  story: 'story.txt',
  storyData: 'story.json',
  consent: 'consent.json',
  recording: 'recording.opus',
  manifest: 'manifest.json',
  signature: 'manifest.sig',
  key: 'public-key.pem',
  log: 'access-log.jsonl',
  chain: 'audit-chain.json',
  checkpoint: 'checkpoint.txt',
  checkpointKey: 'checkpoint-key.pem',
  sums: 'SHA256SUMS',
} as const;

/** What is known of a recording's way out, before the pack is made. */
export type GivenOut = {
  /** Who has it made, for people. */
  by: string;
  reason: string;
  /** Whether the recorder is there to sign a checkpoint that has this export in it. */
  fresh: boolean;
};

/** The beginning of `audit-chain.json`; digests follow, one a line, and then `chainEnd`. */
export const chainBegin = (given: {
  pack: string;
  log: string;
  before: { size: number; hash: string };
  entries: readonly number[];
  after: readonly number[];
}): string =>
  [
    '{"format":"tapedeck.audit-chain","format_version":1,',
    `"pack":${canonical(given.pack)},`,
    `"log":${canonical(given.log)},`,
    `"before":${canonical(given.before)},`,
    `"entries":${canonical(given.entries)},`,
    `"entries_after_the_checkpoint":${canonical(given.after)},`,
    '"digests":[\n',
  ].join('\n');
export const chainEnd = (head: { size: number; hash: string }): string =>
  `\n],\n"head":${canonical(head)}}\n`;

/** How to verify a pack, step by step, with stock tools. Each command is one that works when it is pasted. */
export function readmeText(given: {
  call: string;
  /** The id of the pack, by which its entry in the audit log is found. */
  pack: string;
  /** SHA-256 of the public key, hex. */
  fingerprint: string;
  otherKey: boolean;
  made: string;
  givenOut: GivenOut;
}): string {
  const checkpointKey = given.otherKey ? PACK.checkpointKey : PACK.key;
  const belonging = Object.values(PACK).filter((name) => given.otherKey || name !== PACK.checkpointKey);
  return `EVIDENCE PACK: THE RECORDING OF A TELEPHONE CALL
Call ${given.call}, made ${given.made} by Tapedeck.

${PACK.cover} says in a few pages what this is, what it proves, and what it does not.
Do not trust the ${PACK.verifier} in here, nor this text: whoever changes a pack can change both. Verify the pack with a copy
of ${PACK.verifier} that did not come with it: open https://<dashboard of the box>/${PACK.verifier}, or take it from a release of
Tapedeck (dist/web/verify/${PACK.verifier}). Ask the administrator of the box for its SHA-256, which "tapedeck keys status" and
"tapedeck verify --help" print there, and compare it with that of your copy: sha256sum ${PACK.verifier}
Then open your copy in a browser and give it the ZIP. It checks everything below by itself, and uses no network.

The same by hand, with sha256sum and openssl (3.0 or newer) in bash, in a new folder into which you have unpacked the ZIP
and nothing else:


1. Every file is the one that is named in ${PACK.sums}, and there is no other than a pack has

sha256sum -c ${PACK.sums}
ls -Ab | grep -vxF ${belonging.map((name) => `-e ${name}`).join(' ')} | sed 's/$/: THIS FILE DOES NOT BELONG TO THE PACK/'


2. The key is that of the box

A key that came with the pack proves nothing by itself. Compare its fingerprint with the box's own: the first 16 digits
are the key's id, which the audit page of the dashboard and "tapedeck keys status" show; or with a copy of the key that
was kept elsewhere.

openssl pkey -pubin -in ${PACK.key} -outform DER | sha256sum

It should be ${given.fingerprint}


3. The manifest was signed with that key

openssl pkeyutl -verify -pubin -inkey ${PACK.key} -rawin -in ${PACK.manifest} -sigfile ${PACK.signature}


4. The recording is the one that the manifest names

grep -q "\\"plain\\":{[^{}]*\\"sha256\\":\\"$(sha256sum ${PACK.recording} | cut -d' ' -f1)\\"}" ${PACK.manifest} && echo 'The recording is in the manifest' || echo 'THE RECORDING IS NOT IN THE MANIFEST'


5. The checkpoint of the audit log was signed

sed '/^$/,$d' ${PACK.checkpoint} > checkpoint.body
tail -n 1 ${PACK.checkpoint} | cut -d' ' -f3 | base64 -d | tail -c 64 > checkpoint.sig
openssl pkeyutl -verify -pubin -inkey ${checkpointKey} -rawin -in checkpoint.body -sigfile checkpoint.sig
${given.otherKey ? `\nIt was signed with another key of the same box than the manifest. Compare the fingerprint of that one too:\n\nopenssl pkey -pubin -in ${checkpointKey} -outform DER | sha256sum\n` : ''}

6. The access log is in the log that was signed

Each line of ${PACK.log} is an entry of the audit log as it was written. ${PACK.chain} has what stands for each entry
in the chain (its digest), for these and for those of others, whom you need not see. This follows the chain from there
to the checkpoint; a thousand entries take some seconds. Paste it into bash:

hash=$(sed -n 's/^"before":{"hash":"\\([0-9a-f]*\\)".*/\\1/p' ${PACK.chain})
for digest in $(sed -n 's/^"\\([0-9a-f]\\{64\\}\\)",\\{0,1\\}$/\\1/p' ${PACK.chain}); do
  hash=$(printf 'tapedeck audit link\\n%s\\n%s' "$hash" "$digest" | sha256sum | cut -d' ' -f1)
done
[ "$(sed -n 3p ${PACK.checkpoint} | base64 -d | od -An -vtx1 | tr -d ' \\n')" = "$hash" ] && echo 'The chain leads to the checkpoint' || echo 'THE CHAIN DOES NOT LEAD TO THE CHECKPOINT'

And this finds each entry in its place in the chain:

sed -n 's/^"\\([0-9a-f]\\{64\\}\\)",\\{0,1\\}$/\\1/p' ${PACK.chain} > digests.txt
line=0
while IFS= read -r entry || [ -n "$entry" ]; do
  line=$((line + 1))
  number=$(printf %s "$entry" | sed -n 's/.*"seq":\\([0-9]\\{1,15\\}\\)}$/\\1/p')
  digest=$( (printf 'tapedeck audit entry\\n'; printf %s "$entry") | sha256sum | cut -d' ' -f1)
  if [ -z "$number" ]; then echo "LINE $line IS NO ENTRY"
  elif grep -qx "$digest" digests.txt; then echo "Entry $number is as it was written"
  elif [ "$number" -gt "$(sed -n 2p ${PACK.checkpoint})" ]; then echo "NOTHING IS SIGNED OF ENTRY $number: it is newer than the checkpoint"
  else echo "ENTRY $number IS NOT WHAT WAS WRITTEN"; fi
done < ${PACK.log}


7. The other files are those that were given out

The entry of this export in the access log has the id ${given.pack}, and names the SHA-256 of each file that was
there before it. This says whether that entry is one of the signed ones, and compares the files:

entry=$(grep '"pack":"${given.pack}"' ${PACK.log})
digest=$( (printf 'tapedeck audit entry\\n'; printf %s "$entry") | sha256sum | cut -d' ' -f1)
grep -qx "$digest" digests.txt && echo 'The entry of this export is signed' || echo 'NOTHING IS SIGNED OF THIS EXPORT: what follows proves nothing'
printf %s "$entry" | grep -o '[A-Za-z.-]* [0-9a-f]\\{64\\}' | sed 's/\\(.*\\) \\(.*\\)/\\2  \\1/' | sha256sum -c

It also has the number and the SHA-256 of the lines that were in the access log before it, so that none of those can be
left out:

head -n "$(printf %s "$entry" | sed -n 's/.*"entries_before":\\([0-9]\\{1,15\\}\\),.*/\\1/p')" ${PACK.log} | sha256sum | cut -d' ' -f1 > lines.txt
printf %s "$entry" | grep -q "\\"entries_sha256\\":\\"$(cat lines.txt)\\"" && echo 'No entry is missing' || echo 'ENTRIES ARE MISSING'


What is in here

${PACK.recording}    the sound: Ogg Opus, left the other party, right our side
${PACK.manifest}     what was signed when it was sealed (RFC 8785); ${PACK.signature}: Ed25519 (RFC 8032), 64 bytes
${PACK.story}         the call in words; ${PACK.storyData}: the same for programs
${PACK.consent}      how the parties were told and agreed: what was to be played, what the PBX played, where the sound has it
${PACK.log}  who heard, saw, exported or changed anything of this call, an entry of the audit log a line
${PACK.chain}  what leads from these entries to the checkpoint
${PACK.checkpoint}    what the audit log came to, signed (a note as c2sp.org/signed-note has it)
${PACK.key}    the box's public key${given.otherKey ? `; ${PACK.checkpointKey}: the one that signed the checkpoint` : ''}
${
  given.givenOut.fresh
    ? ''
    : `
The recorder did not run when this pack was made. So the newest checkpoint that was there is in it, which does not yet
have this export. The recording, its manifest and the entries up to there are proven. Nothing is signed of the other files,
nor of it that no entry is missing. Export it again when the recorder runs.
`
}`;
}
