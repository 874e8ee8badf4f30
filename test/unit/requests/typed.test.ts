import fc from 'fast-check';
import t from 'tap';
import { isBlank } from '../../../daemon/domain/blank.js';
import { reasonFrom } from '../../../daemon/domain/typed.js';
import { sources } from '../../support/imports.js';

const UNSEEN = [
  ...' \t\n\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u2003\u200b\u200c\u200d\u200e\u2028',
]
  .concat([...'\u2060\u2064\u2800\u3000\u3164\ufe0f\ufeff\uffa0\ufffc'.slice(0, -1)])
  .concat(['\u{e0001}', '\u{e0041}', '\u{1d173}', '\ud800', '\ue000', '\u0000', '\u009f']);

t.test('a reason of which nobody would see anything is none', async (t) => {
  for (const one of UNSEEN) t.ok(isBlank(one), `U+${one.codePointAt(0)!.toString(16)}`);
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...UNSEEN), { maxLength: 300 }), (parts) => {
      const typed = parts.join('');
      return isBlank(typed) && reasonFrom(typed) === '' && reasonFrom(`${typed}.`, 400) !== '';
    }),
  );
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (typed) => reasonFrom(typed).length <= 200));
  t.equal(reasonFrom(' Asked\u200b for\nby the caller '), 'Asked\u200b for by the caller');
  for (const seen of ['نعم', '是', 'क्‍ष', '👩‍👧', '?']) t.equal(reasonFrom(seen), seen);
});

t.test('every reason that somebody types is read by that function', async (t) => {
  const shown = (path: string) => path.startsWith('web/ui/'); // where `clean` is about what is shown
  const others = sources
    .filter(({ path }) => /^(daemon\/requests|web)\//.test(path))
    .filter(
      ({ path, text }) =>
        (!shown(path) && /\bclean\([^)\n]*reason/i.test(text)) ||
        /reason\b[^;\n]{0,20}\.trim\(\) [!=]== ''/i.test(text),
    )
    .map(({ path }) => path);
  t.same(others, []);
});
