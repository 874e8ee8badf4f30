import { join } from 'node:path';
import t from 'tap';
import { callFrom } from '../../../daemon/domain/assurance/cdr.js';
import { emptyState, step } from '../../../daemon/domain/call/call.js';
import type { LegFacts } from '../../../daemon/domain/call/event.js';
import { isTrunkContext } from '../../../daemon/domain/call/trunk.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { exampleConfig } from '../../../daemon/ops/config-schema.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createContexts } from '../../../daemon/pbx/contexts.js';

/** FreePBX gives a trunk of chan_sip or IAX2 a context of its own, named after it. */
const trunkContexts = ['from-trunk', 'from-trunk-sip-*', 'from-trunk-iax2-*', 'from-pstn'];
const OUTSIDE = ['from-trunk', 'from-trunk-sip-acme', 'from-trunk-iax2-backup', 'from-pstn'];
const INSIDE = ['from-internal', 'from-trunks', 'from-pstn-2', 'from-trunk-sip', 'xfrom-trunk-sip-acme', ''];

const leg = (context: string): LegFacts => ({
  ...{ id: 'a', channel: 'SIP/acme-00000001', linkedid: 'one', state: 'ring', number: '5550100', name: '' },
  ...{ connectedNumber: '', connectedName: '', context, exten: '100', dnid: '100', createdAt: null },
  ...{ account: '', variables: {} },
});

t.test(
  'a channel in the context of any trunk is an outside party, for the tracker and for CDRs',
  async (t) => {
    const directions = (context: string) => {
      const { effects } = step(
        emptyState,
        { kind: 'leg', at: 1, leg: leg(context) } as Parameters<typeof step>[1],
        { pbx: FIRST, trunkContexts, mint: () => 'C1' },
      );
      const seen = effects.flatMap((e) => (e.kind === 'changed' ? [e.call.direction] : []));
      return seen[0];
    };
    for (const context of OUTSIDE) {
      t.ok(isTrunkContext(trunkContexts, context), context);
      t.equal(directions(context), 'in', context);
    }
    for (const context of INSIDE) {
      t.notOk(isTrunkContext(trunkContexts, context), context);
      t.not(directions(context), 'in', context);
    }
  },
);

t.test('a call that only the PBX knows of came in when it began in the context of a trunk', async (t) => {
  const cdr = {
    ...{
      linkedid: '1.1',
      uniqueid: '1.1',
      channel: 'SIP/200-00000001',
      peer: 'SIP/100-00000002',
      src: '5550100',
    },
    ...{ dst: '100', name: '', context: 'from-trunk-sip-acme', application: 'Dial', disposition: 'answered' },
    ...{ startAt: 1, answerAt: 2, endAt: 3, sequence: 1, billMs: 1 },
  };
  const account = { id: '1.1', startedAt: 1, endedAt: 3, cdrs: [cdr] };
  const found = callFrom(account as unknown as Parameters<typeof callFrom>[0], 'C1', trunkContexts);
  t.match(found, { direction: 'in', them: { number: '5550100', ours: false } });
});

t.test('a pattern has its "*" at the end and something before it', async (t) => {
  const load = (contexts: string) => {
    const text = exampleConfig().replace(/^trunk_contexts = .*$/m, `trunk_contexts = ${contexts}`);
    return loadConfig(join(t.testdir({ 'tapedeck.toml': text }), 'tapedeck.toml')).pbxes[0]!.trunk_contexts;
  };
  t.same(load('["from-trunk-sip-*", "from-pstn"]'), ['from-trunk-sip-*', 'from-pstn']);
  for (const wrong of ['["*"]', '["from-*-sip"]', '["from-**"]', '[""]'])
    t.throws(() => load(wrong), { code: 'config_invalid' }, wrong);
  const kept = loadConfig(join(t.testdir({ 'tapedeck.toml': '' }), 'tapedeck.toml')).pbxes[0]!.trunk_contexts;
  for (const context of OUTSIDE) t.ok(isTrunkContext(kept, context), `${context} without any setting`);
});

t.test(
  'the PBX is asked once for an endpoint where its channels begin, and for none with a name of its own making',
  async (t) => {
    const asked: string[] = [];
    const contextsOf = createContexts({
      async variable(id, name) {
        asked.push(`${id} ${name}`);
        if (name.startsWith('IAXPEER')) throw new Error('refused');
        return name === 'PJSIP_ENDPOINT(acme,context)' ? 'from-pstn' : '';
      },
      log: createLog('silent', 'test'),
    });
    const listed = (id: string, channel: string) => ({ ...leg('ext-queues'), id, channel });
    const told = await contextsOf([
      listed('1', 'PJSIP/acme-00000001'),
      listed('2', 'PJSIP/acme-00000002'),
      listed('3', 'SIP/100-00000003'),
      listed('4', 'IAX2/backup-00000004'),
      listed('5', 'DAHDI/1-1'),
      listed('6', 'PJSIP/a,context),SHELL(x)-00000006'),
    ]);
    t.same(
      [...told],
      [
        ['1', 'from-pstn'],
        ['2', 'from-pstn'],
      ],
    );
    t.same(asked, ['1 PJSIP_ENDPOINT(acme,context)', '3 SIPPEER(100,context)', '4 IAXPEER(backup,context)']);
  },
);
