import t from 'tap';
import { openBrowser, openDesk } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

t.test('a call in progress is masked, resumed and declined on its page', async (t) => {
  const opened = await openBrowser(t);
  const house = await openFurnished(t, opened);
  const { id } = house.office.live;
  const { page, complaints } = await openDesk(t, opened, house, { path: `/calls/${id}`, width: 360 });
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const shows = (name: string) => page.getByRole('button', { name, exact: true }).waitFor();
  const said = async () => (await house.dashboard.catalogue.directives.of(id)).map(({ kind }) => kind);
  await press('Mask');
  await page.getByText('Masked: neither side is being written.').waitFor();
  await press('Resume recording');
  await shows('Mask');
  await press('Caller declines');
  await page.getByText('Its recording was declined, so none will appear here.').waitFor();
  await press('Undo decline');
  await page.getByText('Its recording appears here shortly').waitFor();
  await press('Caller declines');
  await press('Caller allows recording'); // once it can no longer be undone
  await shows('Mask');
  t.same(await said(), ['mask', 'resume', 'decline', 'undo', 'decline', 'allow']);
  t.match((await house.dashboard.catalogue.directives.of(id))[0], { how: 'button', who: 'Anna Berg' });
  t.match(await house.dashboard.catalogue.audit.entries({ actions: ['direct'], limit: 9 }), [
    { object_id: id, detail: { kind: 'allow' } },
    { detail: { kind: 'decline' } },
    { detail: { kind: 'undo' } },
    { detail: { kind: 'decline' } },
    { detail: { kind: 'resume' } },
    { detail: { kind: 'mask' } },
  ]);
  t.same(complaints, []);
});
