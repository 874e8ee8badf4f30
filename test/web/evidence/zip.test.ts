import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { deflateSync, unzipSync, zipSync } from 'fflate';
import t from 'tap';
import { EXPECTED, unpack } from '../../../web/ui/verify/pack.js';
import { hash, haveCall, openHouse, rezip, sums, verify } from '../../support/web/evidence.js';

t.test('a ZIP that other programs read otherwise is not believed', async (t) => {
  const house = await openHouse(t);
  const { call } = await haveCall(house, randomBytes(3_000));
  const zip = Buffer.from(await house.pack(call.id));
  const files = unzipSync(zip);
  const end = zip.length - 22;
  const directory = zip.readUInt32LE(end + 16);
  /** With bytes put in at places of the original, and the places that it names moved along. */
  const withBytes = (at: number, bytes: Uint8Array, counts = 0): Buffer => {
    const moved = Buffer.concat([zip.subarray(0, at), bytes, zip.subarray(at)]);
    const shift = (was: number) => (was >= at ? was + bytes.length : was);
    const inDirectory = at > directory;
    const newEnd = shift(end);
    moved.writeUInt32LE(inDirectory ? directory : shift(directory), newEnd + 16);
    if (inDirectory) moved.writeUInt32LE(end - directory + bytes.length, newEnd + 12);
    for (const offset of [8, 10])
      moved.writeUInt16LE(moved.readUInt16LE(newEnd + offset) + counts, newEnd + offset);
    for (let from = directory; from < end; ) {
      const record = shift(from);
      moved.writeUInt32LE(
        inDirectory ? moved.readUInt32LE(record + 42) : shift(moved.readUInt32LE(record + 42)),
        record + 42,
      );
      from += 46 + zip.readUInt16LE(from + 28) + zip.readUInt16LE(from + 30) + zip.readUInt16LE(from + 32);
    }
    return moved;
  };
  const one = Buffer.from(zipSync({ 'hidden.txt': Buffer.from('hidden') }, { level: 0 }));
  const oneEnd = one.length - 22;
  const [header, record] = [
    one.subarray(0, one.readUInt32LE(oneEnd + 16)),
    one.subarray(one.readUInt32LE(oneEnd + 16), oneEnd),
  ];
  const second = zip.readUInt32LE(directory + 46 + 10 + 9 + 42);
  t.equal(zip.readUInt32LE(second), 0x04034b50);
  const renamed = (name: string, as: string): Buffer => {
    const changed = Buffer.from(zip);
    for (let at = changed.indexOf(name); at >= 0; at = changed.indexOf(name, at + 1)) changed.write(as, at);
    return changed;
  };
  const commented = Buffer.concat([zip, Buffer.from('note')]);
  commented.writeUInt16LE(4, end + 20);
  const link = Buffer.from(zip);
  link.writeUInt16LE(0o120777, directory + 40);
  const local = Buffer.from(zip);
  local.write('S', 30);
  const cases: [what: string, zip: Uint8Array, fault: RegExp][] = [
    ['a file that only its own header tells of', withBytes(second, header), /hidden\.txt: It is hidden/],
    ['one before the others', withBytes(0, header), /hidden\.txt: It is hidden/],
    ['one behind the others', withBytes(directory, header), /hidden\.txt: It is hidden/],
    [
      'bytes between files',
      withBytes(second, Buffer.from('abc')),
      /the ZIP: 3 bytes in it belong to no file/,
    ],
    ['bytes before it', Buffer.concat([Buffer.from('#!/bin/sh\n'), zip]), /the ZIP: It cannot be read/],
    ['bytes behind it', Buffer.concat([zip, Buffer.from('more')]), /the ZIP: It cannot be read/],
    ['a comment', commented, /the ZIP: It cannot be read/],
    [
      'one more in the directory than its end says',
      withBytes(end, record),
      /the ZIP: It says that it has 14/,
    ],
    ['one more in the directory', withBytes(end, record, 1), /hidden\.txt: /],
    ['another name at the file itself', local, /README\.txt: The ZIP tells of it in more ways/],
    ['a link', link, /README\.txt: The ZIP tells of it in more ways/],
    [
      'the same name twice',
      renamed('story.json', 'README.txt'),
      /README\.txt: It is in the ZIP more than once/,
    ],
    ['another name', renamed('story.txt', 'Story.txt'), /Story\.txt: It does not belong/],
  ];
  for (const [what, changed, fault] of cases) {
    const { faults, whole } = await verify(changed);
    t.match(faults.map((f) => `${f.file}: ${f.what}`).join('\n'), fault, what);
    t.notOk(whole, what);
  }

  // A deflated file that is longer than the ZIP says, and one with something behind its end.
  const readme = Buffer.from(files['README.txt']!);
  const deflated = (packed: Uint8Array): Uint8Array => {
    const made = Buffer.from(zipSync({ 'README.txt': packed }, { level: 0 }));
    const listed = made.readUInt32LE(made.length - 6);
    for (const [method, length] of [
      [8, 22],
      [listed + 10, listed + 24],
    ] as const) {
      made.writeUInt16LE(8, method);
      made.writeUInt32LE(readme.length, length);
    }
    return made;
  };
  const readmeIn = (packed: Uint8Array) => {
    const { faults, files: found } = unpack(deflated(packed));
    return faults.some(({ what }) => what.startsWith('It cannot be unpacked'))
      ? null
      : found.get('README.txt');
  };
  t.same(readmeIn(deflateSync(readme)), new Uint8Array(readme));
  t.equal(readmeIn(deflateSync(Buffer.concat([readme, Buffer.from(' and more')]))), null);
  t.equal(readmeIn(Buffer.concat([deflateSync(readme), header])), null);
  t.same(unpack(zipSync(files, { level: 6 })).faults, []);

  // Whatever it is given, it says what is wrong, and does not throw.
  const original = new Map(Object.entries(files).map(([name, bytes]) => [name, hash(bytes)]));
  const told = async (changed: Uint8Array): Promise<boolean> => {
    const { files: found, faults } = unpack(changed);
    const same = [...original].every(([name, sum]) => found.has(name) && hash(found.get(name)!) === sum);
    return faults.length > 0 || same || (await verify(changed)).faults.length > 0;
  };
  const known = fc.constantFrom(...EXPECTED, 'other.txt', '../x');
  const place = fc.nat(zip.length - 1);
  const runs = { numRuns: 150 };
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), told), runs);
  await fc.assert(
    fc.asyncProperty(fc.dictionary(known, fc.uint8Array({ maxLength: 60 })), (some) =>
      told(zipSync(some, { level: 0 })),
    ),
    runs,
  );
  const changes = fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(changes, (some) => {
      const changed = Uint8Array.from(zip);
      for (const [at, by] of some) changed[at]! ^= by;
      return told(changed);
    }),
    runs,
  );
  await fc.assert(
    fc.asyncProperty(place, place, place, (a, b, c) =>
      told(Buffer.concat([zip.subarray(0, a), zip.subarray(b, b + c)])),
    ),
    runs,
  );
  const name = fc.constantFrom(...EXPECTED.filter((each) => each !== 'SHA256SUMS'));
  const line = fc
    .dictionary(fc.constantFrom('action', 'detail', 'seq', 'at', 'format', 'call', 'digests'), fc.jsonValue())
    .map((entry) => `${JSON.stringify(entry)}\n`);
  await fc.assert(
    fc.asyncProperty(name, fc.oneof(fc.json(), fc.string(), line), async (name, what) => {
      const { whole, faults } = await verify(rezip(sums({ ...files, [name]: Buffer.from(what) })));
      return !whole && faults.length > 0;
    }),
    runs,
  );
});
