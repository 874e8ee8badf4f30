import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Group, heightOf, itemAt, kindOf, layOut } from './layout.js';
import type { Anchor } from './places.js';

/** How much is drawn above and below what is seen, and how little may be left of that before more is drawn. In px. */
const AHEAD = 700;
const LEAST_AHEAD = 300;
/** Their heights where text has its usual size (calls.css). In px. */
const [HEADING, ROW] = [28, 42];
/** How many items are drawn before it is known how much is seen: the list has most of the window. */
const firstItems = () => Math.ceil((innerHeight * 0.8) / ROW) + 1;
/** After this time what is seen is painted, and what is around it is drawn too. In ms. */
const PAINTED_MS = 100;

/**
 * Decides which part of a long list is drawn: the visible rows and some around them. The row that is being read stays in place
 * while calls arrive above it and heights become known. `from` and `to` are items of the layout.
 */
export function useWindow(
  scroller: RefObject<HTMLDivElement | null>,
  groups: readonly Group[],
  { narrowed, anchor, whole }: { narrowed: string; anchor: { current: Anchor | null }; whole: boolean },
) {
  const inner = useRef<HTMLDivElement>(null);
  const [heights, setHeights] = useState<Heights>({ heading: HEADING, row: ROW, others: new Map() });
  const [range, setRange] = useState(() => ({ from: 0, to: firstItems() }));
  const painted = useRef(false);
  /** Less than one screen of the list is left below the visible part. */
  const [ending, setEnding] = useState(false);
  const layout = useMemo(
    () => layOut(groups, (item) => heights.others.get(item.key) ?? heights[kindOf(item)]),
    [groups, heights],
  );
  /** How far it was scrolled when the anchor was taken; null for one that was left before. */
  const lookedAt = useRef<number | null>(null);
  const now = useRef(layout);
  now.current = layout;

  /** Returns the visible part of the list, as places in the layout; null while the list is hidden. */
  const seen = useCallback(() => {
    const [box, list] = [scroller.current, inner.current];
    if (!box?.clientHeight || !list) return null;
    const frame = scrolls(box) ? box.getBoundingClientRect() : { top: 0, bottom: innerHeight };
    const start = list.getBoundingClientRect().top;
    return { top: frame.top - start, bottom: Math.min(frame.bottom, innerHeight) - start };
  }, []);

  const look = useCallback(() => {
    const view = seen();
    if (!view) return;
    const { current: at } = now;
    const { tops, items } = at;
    lookedAt.current = scrolled(scroller.current!).scrollTop;
    const first = itemAt(at, view.top);
    const row = items[first]?.call ? first : first + 1;
    anchor.current =
      view.top > 0 && items[row] ? { id: items[row]!.key, offset: view.top - tops[row]! } : null;
    const around = (px: number) => ({
      from: itemAt(at, view.top - px),
      to: Math.min(items.length, itemAt(at, view.bottom + px) + 1),
    });
    const [least, wanted] = painted.current ? [around(LEAST_AHEAD), around(AHEAD)] : [around(0), around(0)];
    setRange((drawn) => (drawn.from <= least.from && drawn.to >= least.to ? drawn : wanted));
    setEnding(heightOf(at) - view.bottom < view.bottom - view.top);
  }, []);

  // After each drawing, since something may have come above the list too. A list that is at its top, or has become another one,
  // starts at its top.
  const shown = useRef(narrowed);
  useLayoutEffect(() => {
    const view = seen();
    if (view && shown.current !== narrowed) scrollTo(scroller.current!, 0);
    else if (view && anchor.current) {
      const i = layout.indexOf.get(anchor.current.id);
      // Somebody may scroll at the same time.
      const since = lookedAt.current === null ? 0 : scrolled(scroller.current!).scrollTop - lookedAt.current;
      if (i !== undefined)
        scrollBy(scroller.current!, layout.tops[i]! + anchor.current.offset + since - view.top);
    }
    if (view) shown.current = narrowed;
    look();
  });

  useEffect(() => {
    const timer = setTimeout(() => {
      painted.current = true;
      look();
    }, PAINTED_MS);
    return () => clearTimeout(timer);
  }, []);

  // After each drawing, since rows that were not drawn before may be higher than others.
  useLayoutEffect(() => {
    if (!whole && seen()) setHeights((known) => measured(inner.current!, known));
  });

  useLayoutEffect(() => {
    let width = inner.current!.clientWidth;
    const resized = new ResizeObserver(() => {
      const list = inner.current;
      if (list && list.clientWidth !== width && list.clientWidth > 0) {
        width = list.clientWidth;
        setHeights((known) => measured(list, { ...known, others: new Map() }));
      }
      look();
    });
    resized.observe(inner.current!);
    resized.observe(scroller.current!);
    // Either the list scrolls or, where there is little height, the document.
    document.addEventListener('scroll', look, { capture: true, passive: true });
    return () => {
      resized.disconnect();
      document.removeEventListener('scroll', look, { capture: true });
    };
  }, []);

  /** Scrolls as little as shows this item whole, below the heading that stays at the top. */
  const show = (item: number) => {
    const view = seen();
    if (!view) return;
    const [top, bottom] = [layout.tops[item]! - heights.heading, layout.tops[item + 1]! + 8];
    if (top < view.top) scrollBy(scroller.current!, top - view.top);
    else if (bottom > view.bottom) scrollBy(scroller.current!, bottom - view.bottom);
    look();
  };
  return { inner, layout, range: whole ? { from: 0, to: layout.items.length } : range, ending, show };
}

/** Most headings and rows are equally high; `others` are by their keys. In px. */
type Heights = { heading: number; row: number; others: Map<string, number> };

/** Returns the heights with those of what is drawn; the same object where none is new. */
function measured(list: HTMLElement, known: Heights): Heights {
  const drawn = [...list.querySelectorAll<HTMLElement>('[data-item]')].map((element) => ({
    key: element.dataset.item!,
    kind: element.localName === 'h2' ? ('heading' as const) : ('row' as const),
    height: element.getBoundingClientRect().height,
  }));
  const usual = { heading: known.heading, row: known.row };
  for (const kind of ['heading', 'row'] as const) {
    const heights = drawn.flatMap((item) => (item.kind === kind ? [item.height] : []));
    if (heights.length > 0 && !heights.some((height) => same(height, usual[kind])))
      usual[kind] = heights[Math.floor(heights.length / 2)]!;
  }
  const odd = drawn.filter(({ key, kind, height }) => !same(known.others.get(key) ?? usual[kind], height));
  if (odd.length === 0 && usual.heading === known.heading && usual.row === known.row) return known;
  return {
    ...usual,
    others: new Map([...known.others, ...odd.map(({ key, height }) => [key, height] as const)]),
  };
}

const same = (one: number, other: number): boolean => Math.abs(one - other) < 0.1;

const scrolls = (box: HTMLElement): boolean => getComputedStyle(box).overflowY !== 'visible';
const scrolled = (box: HTMLElement): Element => (scrolls(box) ? box : document.scrollingElement!);

function scrollTo(box: HTMLElement, top: number): void {
  scrolled(box).scrollTop = top;
}

function scrollBy(box: HTMLElement, by: number): void {
  if (Math.abs(by) > 0.5) scrolled(box).scrollTop += by;
}
