import { Writable } from 'node:stream';
import { type GivenOut, PACK } from '../../domain/assurance/evidence.js';
import { decidedWords, toldInWords } from '../../domain/call/consent.js';
import {
  callSentence,
  coverageWords,
  gapsInWords,
  masksInWords,
  noGapsWords,
  originWords,
  printable,
  sidesWords,
  zoned,
} from '../../domain/call/story.js';
import type { Manifest } from '../../domain/recording/manifest.js';
import { durationText } from '../../domain/written.js';
import { NO_SIGN } from '../../paper/drawing.js';
import { type Paper, writePaper } from '../../paper/paper.js';

/** What the cover sheet says. Times are ISO 8601 in UTC. */
export type Cover = {
  pack: string;
  manifest: Manifest;
  manifestSha256: string;
  keyId: string;
  fingerprint: string;
  made: string;
  givenOut: GivenOut;
  site: { name: string; timeZone: string };
  version: string;
};

const GAPS = 6;
const TOLD = 10;

/**
 * The cover sheet of an evidence pack, for people who have never seen one. The same bytes for the same values.
 */
export async function coverSheet(cover: Cover): Promise<Buffer> {
  const { call } = cover.manifest;
  const chunks: Buffer[] = [];
  const out = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  await writePaper(
    {
      title: `Evidence pack: call ${call.id}`,
      author: `Tapedeck at ${printable(cover.site.name)}`,
      made: cover.made,
      foot: `Call ${call.id}`,
    },
    out,
    (paper) => drawCover(paper, cover),
  );
  return Buffer.concat(chunks);
}

function drawCover(paper: Paper, cover: Cover): void {
  const { manifest, givenOut, site } = cover;
  const { call, recording } = manifest;
  const { title, heading, paragraph, fact, points, grouped } = paper;
  const local = zoned(site.timeZone);
  const both = (iso: string | null) =>
    iso === null ? 'never' : `${local(iso)} = ${iso} UTC`.replace('Z UTC', ' UTC');
  const gaps = [...gapsInWords(manifest), ...masksInWords(manifest)];
  const sealedWords = manifest.made_later
    ? `it was signed (${both(manifest.made_at)}; it had been sealed before, ${both(recording.sealed_at)})`
    : `it was sealed (${both(recording.sealed_at)})`;

  const { imported } = manifest;
  const importedOn = imported ? both(imported.imported_at) : '';

  title(`Evidence pack: the ${imported ? 'imported ' : ''}recording of a telephone call`);
  paragraph(
    `This sheet belongs to a ZIP file with the recording of one telephone call, what was signed of it, and who has heard or changed anything of it since. It was made by Tapedeck, a call recorder, at ${site.name}. Anybody can verify it without that recorder, and without trusting it.`,
  );

  heading('The call');
  fact('In words', callSentence(manifest));
  fact('Begun', both(call.started_at));
  fact('Answered', both(call.answered_at));
  fact('Ended', both(call.ended_at));
  fact('Recording', `${durationText(recording.duration_ms)}. ${sidesWords(manifest)}`);
  fact('Coverage', coverageWords(manifest));
  fact(
    'Not in it',
    gaps.length === 0
      ? noGapsWords(manifest)
      : [
          ...gaps.slice(0, GAPS),
          ...(gaps.length > GAPS ? [`And ${gaps.length - GAPS} more, in ${PACK.story}.`] : []),
        ].join('\n'),
  );
  fact('Recorded by', decidedWords(manifest));
  fact('Id of the call', call.id, 'mono');

  if (imported) {
    heading('Where it comes from');
    points(originWords(manifest, both));
  }

  const told = toldInWords(manifest);
  heading('How people were told');
  points([
    ...told.slice(0, TOLD),
    ...(told.length > TOLD ? [`And ${told.length - TOLD} more facts, in ${PACK.story}.`] : []),
  ]);

  heading('What was signed');
  fact('Sealed', both(recording.sealed_at));
  if (manifest.made_later) fact('Signed', `${both(manifest.made_at)}, later than it was sealed`);
  fact('Recording', `SHA-256 of ${PACK.recording}:`);
  fact('', grouped(recording.plain.sha256), 'mono');
  fact('Manifest', `SHA-256 of ${PACK.manifest}, which ${PACK.signature} signs (Ed25519):`);
  fact('', grouped(cover.manifestSha256), 'mono');
  fact('Key of the box', `${cover.keyId}; SHA-256 of the public key:`);
  fact('', grouped(cover.fingerprint), 'mono');

  heading('How to verify it');
  points([
    `Open ${PACK.verifier} in a browser, on a computer of your own that need not be online, and give it the ZIP. It names everything that is not as it was signed. Use a copy that did not come with the pack: the dashboard of the box has it under /${PACK.verifier}, and so has every release. "tapedeck keys status" prints its SHA-256.`,
    `Or follow ${PACK.readme}: the same with sha256sum and openssl, which are on every Linux and Mac.`,
    'Compare the key above with the one that the box shows, or with a copy that was kept elsewhere. A key that comes with a pack proves nothing by itself: who makes up a pack can make up a key.',
  ]);

  heading('What it proves');
  points([
    `That the recording, the call as it is told ${givenOut.fresh ? 'here and ' : ''}in ${PACK.manifest}, and what is said to be missing are unchanged since ${sealedWords} on the box with the key ${cover.keyId}.`,
    ...(imported
      ? [
          'That the recording was made of a file with the SHA-256 above, as that file was when it was imported: the manifest names it. Whoever still has the original can compare it.',
        ]
      : []),
    `That ${PACK.log} has entries exactly as they were written to the audit log of that box, as far as ${PACK.checkpoint} goes.${givenOut.fresh ? ' This export is one of them, and no entry about this call from before it was left out.' : ''}`,
    ...(givenOut.fresh
      ? [
          'That the other files are those that this export has given out, because its entry names their hashes.',
        ]
      : []),
  ]);

  heading('What it does not prove');
  points([
    'That somebody understood an announcement, or that an answer given by keys came from the person whose phone it was.',
    imported
      ? 'Who spoke. Numbers and names are those of the CDRs and of the name of the original.'
      : 'Who spoke. Numbers and names are those that the telephone system told.',
    imported
      ? `That the sound is as it was captured. Another recorder made it, and nobody vouches for what happened to its file before it was imported (${importedOn}).`
      : 'That nothing happened to the sound before it was sealed, beyond what is said to be missing.',
    'That the clock of the box was right.',
    `That somebody who could change the software of the box did not have it write or sign something else from the beginning.`,
    ...(givenOut.fresh
      ? []
      : [
          `That this export took place as told, that no entry was left out of ${PACK.log}, and that this sheet, ${PACK.story} and the other files are those that were given out: the recorder did not run when the pack was made, so that the newest checkpoint that was there is in it, and what came after that is not signed.`,
        ]),
  ]);

  heading('This pack');
  fact('Made', `${both(cover.made)} by Tapedeck ${cover.version}`);
  fact('Given to', givenOut.by);
  if (givenOut.reason) fact('Reason given', givenOut.reason);
  fact('Id of the pack', cover.pack, 'mono');
  if (paper.lacking()) {
    paragraph(
      `${NO_SIGN} stands for a sign that the font of this sheet does not have; ${PACK.story} has it.`,
    );
  }
}
