import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { diskError, fail, TapedeckError } from '../../domain/error.js';

type SystemError = Error & { code: string; path?: string; dest?: string };

const isSystemError = (e: unknown): e is SystemError =>
  e instanceof Error && typeof (e as { code?: unknown }).code === 'string';

/**
 * Returns whatever a command threw as an error of ours, so that nobody is shown a stack trace: an error of the system names
 * the path and what is wrong with it, one of SQLite says which kind, and all else is a fault of Tapedeck's own.
 */
export function asFault(e: unknown): TapedeckError {
  const known = diskError(e);
  if (known instanceof TapedeckError) return known;
  if (isSystemError(known)) {
    const said = ofPath(known);
    if (said !== null) return fail('path_unusable', said, known);
    if (/^SQLITE_/.test(known.code))
      return fail('database_damaged', `${known.message} (${known.code}).`, known);
  }
  return fail('internal', known instanceof Error ? `${known.name}: ${known.message}` : String(known), known);
}

function ofPath({ code, path, dest }: SystemError): string | null {
  const at = dest ?? path;
  if (at === undefined) return null;
  switch (code) {
    case 'ENOENT':
      return existsSync(dirname(at))
        ? `${at} does not exist.`
        : `The folder ${dirname(at)} does not exist, so ${at} cannot be read or written.`;
    case 'EACCES':
    case 'EPERM':
      return `${at}: the user ${whoAmI()} may not read or write it.`;
    case 'EISDIR':
      return `${at} is a folder, and a file is needed.`;
    case 'ENOTDIR':
      return `${at}: a part of this path is a file, not a folder.`;
    case 'EEXIST':
      return `${at} exists already.`;
    case 'ENAMETOOLONG':
      return `${at.slice(0, 60)}...: the name is too long.`;
    case 'ELOOP':
      return `${at} is a link that is not followed.`;
    default:
      return `${at}: ${code}.`;
  }
}

/** A user of a container may have no name. */
function whoAmI(): string {
  try {
    return userInfo().username;
  } catch {
    return `with the id ${process.getuid?.()}`;
  }
}
