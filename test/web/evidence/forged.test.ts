import { createHash, randomBytes } from 'node:crypto';
import { unzipSync } from 'fflate';
import t from 'tap';
import { entryText, linked } from '../../../daemon/domain/assurance/audit.js';
import { unpack } from '../../../web/ui/verify/pack.js';
import {
  byHand,
  commands,
  flipped,
  hash,
  haveCall,
  linesOf,
  openHouse,
  rezip,
  sums,
  text,
  verify,
} from '../../support/web/evidence.js';

type Files = Record<string, Uint8Array>;
const faultsOf = async (zip: Uint8Array): Promise<string[]> =>
  (await verify(zip)).faults.map(
    (f) => `${f.file}${f.entry === undefined ? '' : ` entry ${f.entry}`}: ${f.what}`,
  );
const jsonl = (lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''));
/** The chain of a pack, with other things said of it. */
const chained = (files: Files, change: object): Buffer => {
  const written = text(files['audit-chain.json']);
  const said = Object.entries(change).reduce(
    (so, [key, value]) => so.replace(new RegExp(`^"${key}":.*$`, 'm'), `"${key}":${JSON.stringify(value)},`),
    written,
  );
  return Buffer.from(said);
};

t.test('whatever is changed in a pack is found and named', async (t) => {
  const house = await openHouse(t);
  const { call } = await haveCall(house, randomBytes(3_000));
  const zip = await house.pack(call.id);
  const files = unzipSync(zip);
  t.same(await faultsOf(rezip(files)), []);

  let looked = 0;
  for (const [name, bytes] of Object.entries(files)) {
    // Every byte of what is short; of the rest some, every time others.
    const step = Math.max(1, Math.floor(bytes.length / (bytes.length < 300 ? 300 : 25)));
    for (let at = Math.floor(Math.random() * step); at < bytes.length; at += step) {
      const found = await faultsOf(rezip({ ...files, [name]: flipped(bytes, at) }));
      looked += 1;
      if (!found.some((fault) => fault.startsWith(name))) t.same(found, [name], `byte ${at} of ${name}`);
    }
    const cut = await faultsOf(rezip({ ...files, [name]: bytes.subarray(0, bytes.length - 1) }));
    if (!cut.some((fault) => fault.startsWith(name))) t.same(cut, [name], `${name} was cut`);
    const { [name]: _, ...without } = files;
    t.match(await faultsOf(rezip(without)), [`${name}: It is missing.`], `without ${name}`);
  }
  t.ok(looked > 650, `${looked} positions`);
  t.match(await faultsOf(rezip({ ...files, 'more.txt': randomBytes(9) })), [
    'more.txt: It does not belong to the pack.',
  ]);

  // The signature has two bits that stand for nothing.
  const note = text(files['checkpoint.txt']);
  const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const respelt = note.replace(/(.)=\n$/, (_, sign) => `${signs[signs.indexOf(sign) + 1]}=\n`);
  t.ok(await named(rezip({ ...files, 'checkpoint.txt': Buffer.from(respelt) }), 'checkpoint.txt'));

  // Somebody who also writes SHA256SUMS anew.
  for (const name of Object.keys(files).filter((n) => n !== 'SHA256SUMS')) {
    const changed = sums({ ...files, [name]: flipped(files[name]!, Math.floor(files[name]!.length / 2)) });
    t.ok((await faultsOf(rezip(changed))).length > 0, `${name} and the list of hashes were changed`);
  }
  const lines = linesOf(files);
  const seqs = lines.map((line) => JSON.parse(line).seq as number);
  const logged = (changed: string[], more: Files = {}) =>
    faultsOf(rezip(sums({ ...files, ...more, 'access-log.jsonl': jsonl(changed) })));
  const has = async (found: Promise<string[]>, wanted: string) =>
    t.ok((await found).includes(wanted), `${wanted} is among ${JSON.stringify(await found)}`);
  await has(logged(lines.slice(1)), `access-log.jsonl entry ${seqs[0]}: It is missing.`);
  await has(
    logged([lines[1]!, lines[0]!, lines[2]!]),
    `access-log.jsonl entry ${seqs[0]}: It is not in its place.`,
  );
  await has(logged([lines[0]!, ...lines]), `access-log.jsonl entry ${seqs[0]}: It is there more than once.`);
  await has(
    logged([...lines, lines[0]!.replace(/"seq":\d+/, '"seq":999')]),
    'access-log.jsonl entry 999: It was put in.',
  );
  await has(
    logged([lines[0]!, lines[1]!.replace('0-9000', '0-1000'), lines[2]!]),
    `access-log.jsonl entry ${seqs[1]}: It is not what was written.`,
  );
  const chain = text(files['audit-chain.json']).replace(`"entries":[${seqs[0]},`, '"entries":[');
  await has(
    logged(lines.slice(1), { 'audit-chain.json': Buffer.from(chain) }),
    'access-log.jsonl: It is not complete: entries from before this export are missing, or others were put in.',
  );
  // Whoever writes an entry and the chain anew has no signature for it.
  const forged = entryText({ ...JSON.parse(lines[1]!), detail: { heard: [] } });
  const digest = createHash('sha256').update(`tapedeck audit entry\n${forged}`).digest('hex');
  const old = createHash('sha256').update(`tapedeck audit entry\n${lines[1]}`).digest('hex');
  await has(
    logged([lines[0]!, forged, lines[2]!], {
      'audit-chain.json': Buffer.from(text(files['audit-chain.json']).replace(old, digest)),
    }),
    'audit-chain.json: It does not lead to the checkpoint.',
  );
  t.equal(linked('', '').length, 64);

  for (const share of [0.1, 0.5, 0.9, 0.999]) {
    const found = await faultsOf(zip.subarray(0, Math.floor(zip.length * share)));
    t.match(found, [/^the ZIP: It cannot be read: it was cut off/]);
  }
  // Each byte of its directory and some of the rest: what is changed has a name, or the ZIP itself has.
  const directory = Buffer.from(zip).readUInt32LE(zip.length - 6);
  const places = [
    ...Array.from({ length: 50 }, () => Math.floor(Math.random() * directory)),
    ...Array.from({ length: zip.length - directory }, (_, i) => directory + i),
  ];
  for (const at of places) {
    const { faults, files: found } = unpack(flipped(zip, at));
    for (const [name, bytes] of Object.entries(files)) {
      const same = found.has(name) && Buffer.from(bytes).equals(found.get(name)!);
      const said = faults.some(({ file }) => file === name || file === 'the ZIP');
      if (!same && !said && !(await named(flipped(zip, at), name))) t.fail(`byte ${at} of the ZIP: ${name}`);
    }
  }
  // Parts of two packs.
  const other = unzipSync(await house.pack((await haveCall(house, randomBytes(3_000))).call.id));
  for (const names of [
    ['recording.opus'],
    ['manifest.json', 'manifest.sig', 'recording.opus'],
    ['access-log.jsonl', 'audit-chain.json', 'checkpoint.txt'],
  ]) {
    const mixed = sums({ ...files, ...Object.fromEntries(names.map((name) => [name, other[name]!])) });
    t.ok((await faultsOf(rezip(mixed))).length > 0, `${names.join(', ')} of another pack`);
  }
});

/** A file that a pack has is named by what verifies it. */
const named = async (zip: Uint8Array, name: string): Promise<boolean> =>
  (await verify(zip)).faults.some(({ file }) => file === name);

t.test('a forged story is never green, whatever entry vouches for it', async (t) => {
  const house = await openHouse(t);
  const { call } = await haveCall(house, randomBytes(3_000));
  const files = unzipSync(await house.pack(call.id));
  const lines = linesOf(files);
  const { before, head } = JSON.parse(text(files['audit-chain.json']));
  const entry = JSON.parse(lines.at(-1)!);
  const story = { 'story.txt': Buffer.from('Nothing happened.\n'), 'cover.pdf': Buffer.from('%PDF-1.7\n') };

  /** Somebody without the key: an entry of an export of their own, under this number, vouches for their story. */
  const forged = (seq: number, kept: string[], chain: object, detail: object = {}): Uint8Array => {
    const told = { ...files, ...story };
    const invented = {
      ...entry,
      seq,
      detail: {
        ...{ ...entry.detail, entries_before: kept.length, entries_sha256: hash(jsonl(kept)) },
        files: entry.detail.files.map((each: string) => {
          const [name] = each.split(' ');
          return `${name} ${hash(told[name as keyof typeof told]!)}`;
        }),
        ...detail,
      },
    };
    const log = jsonl([...kept, entryText(invented)]);
    return rezip(sums({ ...told, 'access-log.jsonl': log, 'audit-chain.json': chained(files, chain) }));
  };
  for (const seq of [before.size, before.size - 1, 1, 0, -1, -before.size, entry.seq, head.size])
    for (const chain of [
      { entries: [seq] },
      { entries: [], entries_after_the_checkpoint: [seq] },
      { entries: [] },
      { entries: [seq], entries_after_the_checkpoint: [seq] },
      { entries: [seq], before: { ...before, size: seq - 1 } },
    ]) {
      const { faults, whole } = await verify(forged(seq, [], chain));
      t.ok(faults.length > 0 && !whole, `entry ${seq}, ${JSON.stringify(chain)}`);
    }

  // Newer than the checkpoint, nothing contradicts it: but nothing is signed of it, and that is said.
  const kept = lines.slice(0, 1);
  const after = { entries: [JSON.parse(kept[0]!).seq], entries_after_the_checkpoint: [head.size + 1] };
  const downgraded = forged(head.size + 1, kept, after, { fresh: false });
  const report = await verify(downgraded);
  t.same([report.faults, report.whole, report.completeTo], [[], false, null]);
  t.match(report.notes, [/Nothing is signed of this export .*nor that no entry is missing/]);
  t.same(
    report.steps.filter(({ ok }) => !ok).map(({ name }) => name),
    [
      'No entry from before this export is missing from the access log',
      'Every file has the hash that SHA256SUMS and the entry of the export name',
    ],
  );
  const hand = byHand(house, unzipSync(downgraded), commands(text(files['README.txt'])));
  t.match(hand.output, 'NOTHING IS SIGNED OF THIS EXPORT');
  t.match(hand.output, `NOTHING IS SIGNED OF ENTRY ${head.size + 1}`);
  t.notOk(hand.good);

  // What is true of another call is not told of this one.
  const [other] = await house.catalogue.audit.entries({ objectId: 'another', before: entry.seq, limit: 1 });
  const [row] = await house.catalogue.audit.rows(other!.seq, 1);
  const more = [...lines.slice(0, -1), String(row!.text), lines.at(-1)!];
  const entries = more.map((line) => JSON.parse(line).seq);
  t.match(
    await faultsOf(
      rezip(
        sums({ ...files, 'access-log.jsonl': jsonl(more), 'audit-chain.json': chained(files, { entries }) }),
      ),
    ),
    [`access-log.jsonl entry ${other!.seq}: It is not about this call.`],
  );
  const spaced = Buffer.from(text(files['audit-chain.json']).replace('"head":', '"head": '));
  t.match(await faultsOf(rezip(sums({ ...files, 'audit-chain.json': spaced }))), [
    'audit-chain.json: It is not written as Tapedeck writes it.',
  ]);
  const soon = Buffer.from(text(files['manifest.json']).replace(/("made_at":")[^"]*/, '$1when I say so'));
  t.match(await faultsOf(rezip(sums({ ...files, 'manifest.json': soon }))), [/^manifest\.json:/]);
});
