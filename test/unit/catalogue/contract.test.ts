import t from 'tap';
import { catalogueContract } from '../../contract/catalogue.js';
import { opened } from '../../support/catalogue/opened.js';

await catalogueContract(t, async (t) => {
  const { catalogue, path } = await opened(t);
  return { catalogue, again: async () => (await opened(t, path)).catalogue };
});
