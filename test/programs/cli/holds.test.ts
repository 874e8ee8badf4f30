import { join } from 'node:path';
import t from 'tap';
import { startRecorder } from '../../support/cli-recorder.js';
import { site } from '../../support/cli-site.js';
import { keepOne } from '../../support/recordings/retention-lab.js';

const CALLS = ['01JDK3V7Q8ZM5T4R2XW9YB6C2A', '01JDK3V7Q8ZM5T4R2XW9YB6C2B'];

t.test(
  'matters are opened, widened, added to and reported on the command line; released never',
  async (t) => {
    const { dir, tapedeck } = site(t, { short: true });
    await tapedeck('calls');
    const recorder = await startRecorder(join(dir, 'data'));
    t.teardown(recorder.stop);
    const { catalogue } = recorder;
    for (const [n, callId] of CALLS.entries()) await keepOne(catalogue, `R${n}`, { callId });
    t.match(await tapedeck('holds'), /^There are no legal holds/);

    const opened = await tapedeck(
      ...['holds', 'open', 'Smith v. Example', '--reason', 'Letter of 3 May', '--queue', 'sales'],
      ...['--from', '2026-01-01', '--call', CALLS[0]!.toLowerCase()],
    );
    const [, id = ''] = /\(([0-9A-Z]{26})\)/.exec(opened) ?? [];
    while (!(await catalogue.holds.apply(id, 100, 1)));
    const open = await catalogue.holds.get(id);
    t.match(open, {
      ...{
        name: 'Smith v. Example',
        reason: 'Letter of 3 May',
        state: 'open',
        held: { query: 0, picked: 1 },
      },
      query: { queues: ['sales'], numbers: [], from: Date.UTC(2026, 0, 1), to: null },
    });
    const [entry] = await catalogue.audit.entries({ actions: ['hold_open'], limit: 1 });
    t.match(entry, { actor: 'console', object: 'matter', object_id: id, reason: 'Letter of 3 May' });

    for (const argv of [['holds'], ['holds', 'list']])
      t.match(
        await tapedeck(...argv),
        new RegExp(`${id}.*Smith v\\. Example.*open.*Letter of 3 May`),
        argv.join(' '),
      );
    t.match(JSON.parse(await tapedeck('holds', '--json')), [{ id, state: 'open', released_at: null }]);
    const shown = await tapedeck('holds', 'show', 'Smith v. Example');
    t.match(shown, /queue sales; from .*2026/);
    t.match(shown, /0 by query, 1 picked/);
    t.match(JSON.parse(await tapedeck('holds', 'show', id.toLowerCase(), '--json')), { id, releases: [] });
    await t.rejects(tapedeck('holds', 'show', 'Nobody'), { code: 'matter_unknown', detail: 'Nobody' });

    const why = ['--reason', 'Second letter'];
    await t.rejects(tapedeck('holds', 'widen', id, '--queue', 'sales', '--direction', 'in', ...why), {
      code: 'hold_narrower',
    });
    await t.rejects(tapedeck('holds', 'widen', id, ...why), { code: 'hold_invalid' });
    await t.rejects(tapedeck('holds', 'widen', id, '--direction', 'up', ...why), { code: /^commander\./ });
    t.match(await tapedeck('holds', 'widen', id, '--queue', 'sales', 'support', ...why), /was changed/);
    t.match(await catalogue.holds.get(id), { query: { queues: ['sales', 'support'], from: null } });

    t.equal(
      await tapedeck('holds', 'add', id, ...CALLS, '--reason', 'Named in it'),
      '"Smith v. Example" holds 1 more recording.',
    );
    await t.rejects(tapedeck('holds', 'add', id, 'nothing', '--reason', 'x'), { code: 'call_unknown' });
    await t.rejects(tapedeck('holds', 'add', id, CALLS[0]!), { code: /^commander\./ }, 'a reason is needed');

    const [head, ...rows] = (await tapedeck('holds', 'report', id)).split('\n');
    t.match(head, /^held,call,started/);
    t.equal(rows.length, 2);
    t.match(rows[0], new RegExp(`^yes,${CALLS[0]},`));
    t.match(rows[0], /,'\+15550123,/, 'a number is not a formula');
    const [exported] = await catalogue.audit.entries({ actions: ['export'], limit: 1 });
    t.match(exported, { actor: 'console', object: 'hold', object_id: id });

    await t.rejects(tapedeck('holds', 'release', id), { code: /^commander\./ });
    t.match(await catalogue.holds.get(id), { held: { picked: 2 } });
  },
);
