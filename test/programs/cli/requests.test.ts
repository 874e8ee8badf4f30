import { join } from 'node:path';
import t from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { aPrivacyRequest } from '../../support/catalogue/privacy-request.js';
import { site } from '../../support/cli-site.js';

t.test('requests are listed on the command line by their deadline', async (t) => {
  const { dir, tapedeck } = site(t, { short: true });
  await tapedeck('calls');
  t.equal(await tapedeck('requests'), 'No request has to be answered.');
  t.equal(await tapedeck('requests', '--closed'), 'No request has been closed.');
  const catalogue = createSqliteCatalogue({ path: catalogueFile(join(dir, 'data')) });
  await catalogue.start();
  const requests = catalogue.privacyRequests;
  await requests.add(aPrivacyRequest('P1', { received: '2026-05-03', name: 'Ann\u001b[31m Example' }));
  await requests.add(aPrivacyRequest('P2', { received: '2999-01-03', kind: 'delete', name: 'Bob' }));
  await requests.add(aPrivacyRequest('P3', { received: '2026-04-03' }));
  const answer = { day: '2026-04-20', outcome: 'refused' as const, grounds: ['identity' as const], note: '' };
  await requests.close('P3', answer, 'Ada', 9);
  await requests.forget('P3', 10);
  await catalogue.stop();
  const listed = await tapedeck('requests');
  t.match(
    listed,
    /1 .*access.*gdpr.*Ann.*2026-05-03.*2026-06-03.*open, overdue.*2 .*delete.*ccpa.*Bob.*2999-02-17.*open/s,
  );
  t.notMatch(listed, /\u001b/, 'no escape of somebody else reaches the terminal');
  t.match(await tapedeck('requests', '--closed'), /3 .*access.*gdpr.*-.*2026-04-03.*2026-04-20.*refused/);
  t.match(JSON.parse(await tapedeck('requests', '--json')), [
    { number: 1, last_day: '2026-06-03', urgency: 'over' },
    { number: 2, law: 'ccpa', urgency: 'none', answered: null },
  ]);
});
