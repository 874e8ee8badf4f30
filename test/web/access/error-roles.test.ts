import t from 'tap';
import { type ErrorCode, errors, fail, hintForOthers } from '../../../daemon/domain/error.js';
import { errorAnswer } from '../../../web/server/errors.js';
import { openDashboard, setUp, signInAs } from '../../support/web/dashboard.js';

/** A command, a setting or a file of the machine. */
const COMMAND = /"[a-z]|tapedeck |\.(toml|conf|db)|\[\w+\]|\/etc|systemctl|dmesg|smartctl|apt install|--\w/;

t.test('no error tells people who do not administer Tapedeck to run a command', async (t) => {
  const codes = Object.keys(errors) as ErrorCode[];
  t.ok(codes.filter((code) => COMMAND.test(errors[code].hint)).length > 20, 'admins are told the command');
  for (const code of codes) {
    const said = errorAnswer(fail(code), { id: '1', admin: false }).view.error.hint;
    t.notMatch(said, COMMAND, code);
    t.ok(said.length > 10, `${code} says what to do`);
    t.equal(said, hintForOthers(code));
  }
});

t.test('an admin is told the command and a reviewer is not', async (t) => {
  const dashboard = await openDashboard(t);
  const admin = await setUp(dashboard);
  const ask = async (cookie: string) => {
    const answer = await dashboard.app.inject({
      url: '/api/v1/calls/01J0000000000000000000000A',
      headers: { cookie },
    });
    return answer.json().error.hint as string;
  };
  t.match(await ask(admin), 'tapedeck calls');
  const [anna] = await dashboard.catalogue.people.list();
  await dashboard.catalogue.people.add({ ...anna!, id: 'reviewer', name: 'greta', roles: ['reviewer'] });
  t.equal(await ask(await signInAs(dashboard, 'reviewer')), 'Open the call from the list of calls.');
});
