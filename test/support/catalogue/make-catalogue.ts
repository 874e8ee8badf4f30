import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';

/** An empty catalogue, as the recorder makes it: the command line never does. */
export async function makeCatalogue(dataDir: string): Promise<void> {
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dataDir) });
  await catalogue.start();
  await catalogue.stop();
}
