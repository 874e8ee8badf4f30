import t from 'tap';
import { createInform } from '../../../daemon/calls/record/inform.js';
import { uninformed } from '../../../daemon/calls/record/informing.js';
import { blank } from '../../../daemon/calls/record/live.js';
import { emptyState, step } from '../../../daemon/domain/call/call.js';
import type { Played } from '../../../daemon/domain/telling/notice.js';
import { aNotice } from '../../support/catalogue/every-row.js';
import { scriptedWhispers } from '../../support/pbx/whispers.js';
import { at, BOB, conversation, log, OLGA } from '../../support/record-lab.js';

const CALL = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

t.test('what is cut off because its call became part of another is told as that', async (t) => {
  const prompts = scriptedWhispers();
  const kept: Omit<Played, 'seq' | 'found'>[] = [];
  const tell = async (played: Omit<Played, 'seq' | 'found'>) => {
    kept.push(played);
    return { ...played, seq: kept.length, found: null };
  };
  const rules = { pbx: '', trunkContexts: ['from-trunk'], mint: () => CALL };
  let state = emptyState;
  for (const event of conversation(OLGA, BOB)) state = step(state, event, rules).state;
  const of = { mode: 'announce', language: 'en', key: '9' } as const;
  const played = {
    kind: 'announce',
    language: 'en',
    hash: 'a'.repeat(64),
    name: '',
    durationMs: 3_000,
  } as const;
  const younger = blank();
  const notice = { ...aNotice(CALL), mode: 'announce', language: 'en' } as const;
  const prompt = { of, played, prompt: { media: 'announce', durationMs: 3_000 } };
  younger.informing = { ...uninformed(), notice, prompt };
  const live = new Map([[CALL, younger]]);
  const inform = createInform(
    {
      ...{ ...prompts.deps, log, clock: at, alarms: { raise: () => {} } },
      ...{
        catalogue: { notices: { tell, decide: async () => {} } },
        site: { timeZone: 'UTC', region: 'US' },
      },
    },
    { state: () => state, find: (id) => live.get(id), reconsider: () => {}, hear: () => {} },
  );
  t.teardown(() => inform.stop());
  inform.follow(CALL, OLGA.id, younger);
  t.same(prompts.asked, ['whisper bob 0-tell']);
  live.delete(CALL);
  const older = blank();
  inform.unite(CALL, younger, older);
  await older.informing.writing;
  t.match(kept, [{ callId: CALL, what: 'prompt', leg: 'bob', whole: false, heardBy: [] }]);
});
