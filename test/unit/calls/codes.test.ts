import fc from 'fast-check';
import t from 'tap';
import {
  anyCode,
  BURST,
  BURST_GAP,
  CODE_GAP,
  type Codes,
  clashes,
  type Heard,
  type Keys,
  noKeys,
  pressed,
} from '../../../daemon/domain/call/codes.js';
import { directiveKinds } from '../../../daemon/domain/call/directive.js';
import { runs } from '../../support/search/share-of-search.js';

const T0 = 1_700_000_000_000;
const NONE: Codes = { mask: '', resume: '', keep: '', decline: '', allow: '' };
const CODES: Codes = { mask: '*71', resume: '*72', keep: '*73', decline: '*70', allow: '*79' };

/** Keys of one leg, 200 ms apart or as given. Gives what each made heard. */
function typed(text: string, { ours = true, codes = CODES, gap = 200 } = {}): Heard[] {
  let keys: Keys = noKeys;
  return [...text].map((digit, i) => {
    const heard = pressed(keys, { digit, at: T0 + i * gap }, codes, ours);
    keys = heard.keys;
    return heard;
  });
}
const said = (heard: Heard[]) => heard.flatMap((h) => h.said ?? []);

t.test('a code is heard with its last key, whatever was typed before', async (t) => {
  t.same(said(typed('*71')), ['mask']);
  t.same(said(typed('12**71')), ['mask']);
  t.same(said(typed('*7*72')), ['resume']);
  t.same(said(typed('*71*72*73*70*79')), ['mask', 'resume', 'keep', 'decline', 'allow']);
  t.same(said(typed('*7')), []);
  t.same(said(typed('*81')), []);
  t.same(said(typed('5', { codes: { ...NONE, decline: '5' } })), ['decline']);
});

t.test('its keys follow each other within three seconds', async (t) => {
  t.same(said(typed('*71', { gap: CODE_GAP })), ['mask']);
  t.same(said(typed('*71', { gap: CODE_GAP + 1 })), []);
});

t.test('only our own side masks, resumes and keeps; any party may refuse or agree', async (t) => {
  t.same(said(typed('*71*72*73*70*79', { ours: false })), ['decline', 'allow']);
});

t.test('each leg has keys of its own', async (t) => {
  const one = typed('*7').at(-1)!.keys;
  t.equal(pressed(noKeys, { digit: '1', at: T0 + 500 }, CODES, true).said, null);
  t.equal(pressed(one, { digit: '1', at: T0 + 500 }, CODES, true).said, 'mask');
});

t.test('thirteen digits in a row are a number that is being typed, from the first on', async (t) => {
  const bursts = typed('4111111111111111').map((h) => h.burst);
  t.same(bursts.slice(0, BURST - 1), Array(BURST - 1).fill(null));
  t.same(bursts.slice(BURST - 1), Array(4).fill({ from: T0 }), 'and so is each digit after that');
  t.same(
    typed('4111111111111', { gap: BURST_GAP }).at(-1)!.burst,
    { from: T0 },
    'read off a card, group by group',
  );
  t.equal(typed('4111111111111', { gap: BURST_GAP + 1 }).at(-1)!.burst, null);
  t.equal(typed('411111#111111').at(-1)!.burst, null, 'a # ends a number');
  t.same(typed('#4111111111111').at(-1)!.burst, { from: T0 + 200 });
  t.same(typed('4111111111111', { codes: NONE, ours: false }).at(-1)!.burst, { from: T0 }, 'of any party');
  const codes = { ...NONE, keep: '555' };
  t.equal(typed('5551111111111', { codes }).at(-1)!.burst, null, 'a code is no part of a number');
});

t.test('of the keys that people press no more is held than a code begins with', async () => {
  const key = fc.constantFrom(...'0123456789*#');
  const codes = fc
    .tuple(...directiveKinds.map(() => fc.string({ unit: key, maxLength: 8 })))
    .map((list) => Object.fromEntries(directiveKinds.map((kind, i) => [kind, list[i]])) as Codes);
  const presses = fc.array(fc.record({ digit: key, gap: fc.integer({ min: 0, max: 5_000 }) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(codes, presses, fc.boolean(), (set, list, ours) => {
      const longest = Math.max(0, ...Object.values(set).map((code) => code.length));
      let keys = noKeys;
      let at = T0;
      for (const { digit, gap } of list) {
        at += gap;
        const heard = pressed(keys, { digit, at }, set, ours);
        keys = heard.keys;
        const { tail, lastAt, count, firstAt, ...more } = keys;
        if (Object.keys(more).length > 0) return false;
        if (tail.length > Math.max(0, longest - 1)) return false;
        if (tail !== '' && !Object.values(set).some((code) => code.startsWith(tail))) return false;
        if ([lastAt, count, firstAt].some((n) => typeof n !== 'number' || n < 0)) return false;
        if (heard.said && !set[heard.said].endsWith(digit)) return false;
      }
      return true;
    }),
    { numRuns: runs(2_000) },
  );
});

t.test('a code is heard in any noise that keeps its keys together', async () => {
  const noise = fc.string({ unit: fc.constantFrom(...'0123456789*#'), maxLength: 30 });
  fc.assert(
    fc.property(noise, fc.constantFrom(...directiveKinds), (before, kind) => {
      return said(typed(before + CODES[kind])).at(-1) === kind;
    }),
    { numRuns: runs(2_000) },
  );
});

t.test('where nothing is said by keys, none need be told', async (t) => {
  t.notOk(anyCode(NONE));
  t.ok(anyCode({ ...NONE, decline: '9' }));
});

t.test('codes of which one hides another are told of', async (t) => {
  t.same(clashes(CODES), []);
  t.same(clashes(NONE), []);
  t.same(clashes({ ...CODES, resume: '*71' }), [['mask', 'resume']]);
  t.same(clashes({ ...NONE, mask: '*7', keep: '*71' }), [['mask', 'keep']]);
  t.same(clashes({ ...NONE, mask: '*71', decline: '1' }), [['mask', 'decline']]);
});
