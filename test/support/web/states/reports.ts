import { press, says, state } from './state.js';

/** The states of the page with reports. */
export const reportStates = [
  state('reports, with those that are sent by mail', '/reports', says('Last quarter, on day 3')),
  state('reports, none of them sent', '/reports', says('No report is sent by email.'), { house: 'empty' }),
  state('reports with hostile names', '/reports', says('Last quarter, on day 3'), { house: 'hostile' }),
  state(
    'a record of processing that is not complete',
    '/reports?report=processing&from=2026-10-01&to=2026-10-31',
    async (p) => {
      await says('The record is not complete')(p);
      await says('Name of the controller')(p);
    },
  ),
  state('a report that is to be sent by mail, with faults', '/reports', async (p) => {
    await press(p, 'Set up a report by email');
    await press(p, 'Save');
    await says('2 problems to correct')(p);
  }),
  state('a report that is to be sent no more', '/reports', async (p) => {
    await press(p, 'Stop sending');
    await says('Nobody is sent it any more.')(p);
  }),
];
