import { type ErrorCode, fail, TapedeckError } from '../../domain/error.js';
import { type ArchiveOrder, createArchive } from './archive.js';
import type { Listed, StoredFile } from './store.js';

/** What the process is asked: first the order, then verbs of the archive, and of files that it has opened. */
export type ArchiveAsked = { id: number; verb: ArchiveVerb; given: unknown[] };
export type ArchiveVerb = 'hash' | 'exists' | 'remove' | 'copy' | 'room' | 'open' | 'read' | 'close' | 'list';
/** The answer to 0, which nobody asks, is that it has begun. `beat`: it has got on with what was asked. `listed`: a part of the answer to `list`. */
export type ArchiveAnswer = {
  id: number;
  value?: unknown;
  error?: { code: ErrorCode; detail: string };
  beat?: true;
  listed?: Omit<Listed, 'hash'>[];
};

const LIST_AT_ONCE = 500;

const say = (answer: ArchiveAnswer) => void process.send?.(answer);

/*
 * The process that has the archive open for the recorder or the dashboard: see `createArchiveApart`. When its storage stands still
 * this process does, and no other.
 */
let order: ArchiveOrder | null = null;
const files = new Map<number, StoredFile>();

async function answer({ id, verb, given }: ArchiveAsked): Promise<unknown> {
  const archive = createArchive(order!, async () => say({ id, beat: true }));
  const [first, at, bytes] = given as [never, number, number];
  switch (verb) {
    case 'open': {
      const file = await archive.open(first);
      files.set(id, file);
      return file.size;
    }
    case 'read': {
      const file = files.get(first);
      // Of a process that was ended meanwhile: nothing is known of what is in it.
      if (!file) throw fail('archive_unreachable', 'The file was closed because its storage stood still.');
      return file.read(at, bytes);
    }
    case 'close': {
      const file = files.get(first);
      files.delete(first);
      return file?.close();
    }
    case 'list': {
      let part: Omit<Listed, 'hash'>[] = [];
      for await (const { hash: _, ...found } of archive.list()) {
        part.push(found);
        if (part.length < LIST_AT_ONCE) continue;
        say({ id, listed: part });
        part = [];
      }
      return void say({ id, listed: part });
    }
    case 'room':
      return archive.room();
    default:
      return archive[verb](first);
  }
}

process.on('message', (asked: ArchiveAsked | ArchiveOrder) => {
  if (!('verb' in asked)) {
    order = asked;
    return;
  }
  answer(asked).then(
    (value) => say({ id: asked.id, value }),
    (e: unknown) => {
      const { code, detail } = e instanceof TapedeckError ? e : fail('internal', (e as Error).message);
      say({ id: asked.id, error: { code, detail } });
    },
  );
});
say({ id: 0 });
// Nobody asks any more.
process.once('disconnect', () => process.exit(0));
