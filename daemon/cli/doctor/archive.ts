import { existsSync } from 'node:fs';
import { TapedeckError } from '../../domain/error.js';
import { catalogueFile } from '../../domain/paths.js';
import { sizeText } from '../../domain/written.js';
import type { Config } from '../../ops/config-schema.js';
import { createArchive } from '../../vault/store/archive.js';
import type { CliContext } from '../common/context.js';
import { bad, type Finding, ok, warn } from './finding.js';

/** Whether the archive is there, is this installation's, and can be written. */
export async function archive(context: CliContext, { archive, data }: Config): Promise<Finding[]> {
  const { directory, reserve_mb: reserve } = archive;
  if (directory === '' || !existsSync(catalogueFile(data.dir))) return [];
  const owner = await (await context.catalogue()).audit.id();
  try {
    const { freeBytes, fault } = await createArchive({ directory, dataDir: data.dir, owner }).room();
    if (fault !== null)
      return [
        bad(
          'archive',
          `The recorder cannot write ${directory} (${fault}).`,
          "Give it to the recorder's user, and name it in ReadWritePaths= of its unit (docs/operate/archive.md).",
        ),
      ];
    const says = `${directory}: ${sizeText(freeBytes)} free; ${sizeText(reserve * 1e6)} are kept in reserve.`;
    return [
      freeBytes < reserve * 1e6
        ? warn('archive', says, 'Nothing moves there: give it more space.')
        : ok('archive', says),
    ];
  } catch (e) {
    if (!(e instanceof TapedeckError)) throw e;
    return [
      bad(
        'archive',
        e.detail || e.message,
        'Mount its storage ("findmnt"). If it is new: tapedeck archive init',
      ),
    ];
  }
}
