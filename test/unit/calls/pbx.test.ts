import fc from 'fast-check';
import t from 'tap';
import { FIRST, isPbxId, qualified, readPbx, unqualified, writePbx } from '../../../daemon/domain/pbx.js';

const pbx = fc.oneof(fc.constant(FIRST), fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/).filter(isPbxId));
const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40 }),
  fc.stringMatching(/^\/?[a-z0-9]{0,3}\/[a-z0-9/]{1,6}$/),
);

t.test('a qualified name says which PBX and which name it is', async (t) => {
  fc.assert(
    fc.property(pbx, name, (pbx, name) => {
      t.same(unqualified(qualified(pbx, name)), { pbx, name });
    }),
  );
});

t.test('no two names on PBXs are one text', async (t) => {
  fc.assert(
    fc.property(pbx, name, pbx, name, (a, x, b, y) => {
      t.equal(qualified(a, x) === qualified(b, y), a === b && x === y, `${a} ${x}, ${b} ${y}`);
    }),
  );
});

t.test('a bare name is of the first PBX, also one with a slash that no id stands before', async (t) => {
  t.equal(qualified(FIRST, '101'), '101');
  t.equal(qualified('warehouse', '101'), 'warehouse/101');
  t.equal(qualified(FIRST, 'na/me'), '/na/me', 'it could be taken for "me" on the PBX "na"');
  t.equal(qualified('warehouse', 'na/me'), 'warehouse/na/me');
  for (const text of ['030/123456', 'SIP/trunk', 'first/101'])
    t.same([unqualified(text), qualified(FIRST, text)], [{ pbx: FIRST, name: text }, text], text);
  t.equal(qualified('warehouse', ''), '', 'no queue is no queue anywhere');
});

t.test('the first PBX has a word for where nothing can be written', async (t) => {
  fc.assert(fc.property(pbx, (pbx) => t.equal(readPbx(writePbx(pbx)), pbx)));
  t.equal(writePbx(FIRST), 'first');
  for (const text of ['Warehouse', '9th', 'a b', 'a/b', 'a'.repeat(33)]) t.equal(readPbx(text), null, text);
  t.notOk(isPbxId('first'), 'no other PBX can be called so');
});
