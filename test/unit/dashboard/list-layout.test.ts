import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import t from 'tap';

/** It is part of the dashboard's pages, whose types are not those of a program. */
const { layOut, itemAt, drawn, heightOf } = await import(
  pathToFileURL(join(import.meta.dirname, '../../../web/ui/calls/list/layout.ts')).href
);

type Drawn = {
  groups: {
    group: { id: string };
    above: number;
    rows: { call: { id: string }; position: number; above: number }[];
    below: number;
  }[];
  below: number;
};

const [HEADING, ROW, HIGH] = [28, 42, 58];
const high = (key: string) => key.endsWith('7');

/** Groups of so many calls each. */
const groupsOf = (sizes: number[]) =>
  sizes.map((size, g) => ({
    id: `day ${g}`,
    title: '',
    calls: Array.from({ length: size }, (_, i) => ({ id: `call ${g}-${i}` })),
  }));
const heightOfItem = ({ key, call }: { key: string; call: unknown }) =>
  call === null ? HEADING : high(key) ? HIGH : ROW;

t.test('what is drawn and the space around it are as high as the list, and each row is at its place', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 }),
      fc.nat(),
      fc.nat(60),
      fc.array(fc.nat(), { maxLength: 2 }),
      (sizes, at, many, others) => {
        const layout = layOut(groupsOf(sizes), heightOfItem);
        const { length } = layout.items;
        const from = at % length;
        const to = Math.min(length, from + many);
        const kept = new Set(others.map((n) => n % length).filter((i) => layout.items[i].call !== null));
        const shown: Drawn = drawn(layout, { from, to }, kept);
        const found = new Set<number>();
        let y = 0;
        for (const { group, above, rows, below } of shown.groups) {
          y += above;
          t.equal(y, layout.tops[layout.indexOf.get(group.id)]);
          y += HEADING;
          for (const row of rows) {
            y += row.above;
            const i = layout.indexOf.get(row.call.id);
            found.add(i);
            t.equal(y, layout.tops[i]);
            t.equal(row.call.id, `call ${group.id.slice(4)}-${row.position - 1}`);
            y += high(row.call.id) ? HIGH : ROW;
          }
          y += below;
        }
        t.equal(y + shown.below, heightOf(layout));
        for (let i = 0; i < length; i++)
          if (layout.items[i].call !== null) t.equal(found.has(i), kept.has(i) || (i >= from && i < to));
      },
    ),
    { numRuns: 60 },
  );
  t.end();
});

t.test('the item at a height is the last that begins there or above', async (t) => {
  const layout = layOut(groupsOf([2, 1]), heightOfItem);
  const keys = [-5, 0, 27, 28, 69, 70, 112, 139, 140, 9_999].map((y) => layout.items[itemAt(layout, y)].key);
  const [first, second] = ['day 0', 'day 1'];
  t.same(keys, [
    ...[first, first, first, 'call 0-0', 'call 0-0', 'call 0-1'],
    ...[second, second, 'call 1-0', 'call 1-0'],
  ]);
});
