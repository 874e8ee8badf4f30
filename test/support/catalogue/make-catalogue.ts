import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { freshCatalogue } from './fresh.js';

/** An empty catalogue, as the recorder makes it: the command line never does. */
export async function makeCatalogue(dataDir: string): Promise<void> {
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(dataDir)) });
  await catalogue.start();
  await catalogue.stop();
}
