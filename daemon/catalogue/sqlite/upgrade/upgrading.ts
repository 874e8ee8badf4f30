import { setTimeout as wait } from 'node:timers/promises';
import { fail, TapedeckError } from '../../../domain/error.js';
import { entriesFor } from '../../audit.js';
import type { Catalogue, Nouns, Verb } from '../../catalogue.js';
import type { UpgradeJournal } from './journal.js';

/** An upgrade of the catalogue that runs in a process of its own. */
export type Running = {
  /** Resolves when all migrations have been taken and the catalogue has what the journal had by then. */
  ready: Promise<void>;
  /** Resolves when the catalogue has all of the journal. Nothing may be added to it meanwhile. */
  finish(): Promise<void>;
  /** Ends the process; whatever migration it was at is undone. */
  stop(): void;
};

/** What is read while calls are followed and captured: the interim catalogue has all that these can be asked about. */
const READS: ReadonlySet<Verb> = new Set<Verb>([
  ...(['calls.open', 'calls.get', 'segments.of', 'directives.of', 'notices.of'] as const),
  ...(['policy.newest', 'policy.of', 'prompts.active', 'lists.all', 'lists.entries'] as const),
  ...(['consents.list', 'watch.lastWatched', 'listening.lastWatched'] as const),
  ...(['alarms.open', 'alarms.openDeliveries'] as const),
]);
/** And what is written. */
const WRITES: ReadonlySet<Verb> = new Set<Verb>([
  ...(['calls.save', 'calls.decideCoverage', 'calls.absorb', 'segments.save'] as const),
  ...(['segments.saveLost', 'directives.add', 'notices.decide', 'notices.tell'] as const),
  ...(['lists.save', 'lists.put', 'lists.drop', 'lists.forget'] as const),
  ...(['watch.watched', 'watch.open', 'watch.close'] as const),
  ...(['listening.watched', 'listening.open', 'listening.close'] as const),
  ...(['alarms.save', 'alarms.saveDelivery', 'alarms.forget', 'audit.append'] as const),
]);

export type UpgradingDeps = {
  /** The catalogue. Its `start` takes milliseconds once it has been upgraded. */
  main: Catalogue;
  /** Whether the file is of an earlier version. */
  older: () => boolean;
  journal: UpgradeJournal;
  /** Names a new journal. */
  mint: () => string;
  run: () => Running;
  /** Makes the interim catalogue and opens it; it has what the journal has. */
  interim: () => Promise<Catalogue>;
  removeInterim: () => void;
  /** How long the start waits for the upgrade before calls are captured beside it, in ms. */
  patienceMs: number;
  retryMs: number;
  /** The upgrade has failed, and is tried again; null: it is over. */
  onFault: (err: unknown | null) => void;
};

/**
 * The catalogue for a recorder that may find one of an earlier version. While that is being upgraded, calls are followed and captured on
 * an interim catalogue with the calls in progress; what is written to it is also in a journal, which the upgraded catalogue then
 * takes in. All else rejects with `catalogue_upgrading` until then. No capture waits for a migration, however long it takes.
 */
export function createUpgradingCatalogue(deps: UpgradingDeps) {
  const { main, journal } = deps;
  let interim: Catalogue | null = null;
  /** Resolves when the catalogue takes the place of the interim one; null at all other times. */
  let switching: Promise<void> | null = null;
  /** The start is waiting for an upgrade, or for the interim catalogue. */
  let opening = false;
  const inHand = new Set<Promise<unknown>>();
  let running: Running | null = null;
  const ended = new AbortController();
  let whole: Promise<boolean> = Promise.resolve(true);

  async function call(name: Verb, given: unknown[]): Promise<unknown> {
    while (switching) await switching;
    if (opening) throw fail('catalogue_upgrading');
    const on = interim ?? main;
    const verb = () => verbOf(on, name)(...given);
    if (!interim) return verb();
    if (!READS.has(name) && !WRITES.has(name)) throw fail('catalogue_upgrading');
    if (WRITES.has(name)) journal.append(name, given);
    const work = verb();
    inHand.add(work);
    return work.finally(() => inHand.delete(work));
  }

  async function wholeThing<T>(work: (c: Catalogue) => Promise<T>): Promise<T> {
    while (switching) await switching;
    if (interim) throw fail('catalogue_upgrading');
    return work(main);
  }

  const nouns = Object.fromEntries(
    Object.entries(main)
      .filter(([, noun]) => typeof noun === 'object')
      .map(([noun, verbs]) => [
        noun,
        Object.fromEntries(
          Object.keys(verbs as object).map((verb) => [
            verb,
            (...given: unknown[]) => call(`${noun}.${verb}` as Verb, given),
          ]),
        ),
      ]),
  ) as unknown as Nouns;

  /** Goes on until the catalogue has taken the place of the interim one; false where the recorder ends before. */
  async function takeOver(first: Running): Promise<boolean> {
    for (let run = first; ; run = deps.run()) {
      running = run;
      try {
        await run.ready;
        if (ended.signal.aborted) return false;
        await change(run);
        deps.onFault(null);
        return true;
      } catch (err) {
        run.stop();
        if (ended.signal.aborted) return false;
        deps.onFault(err);
      }
      await wait(deps.retryMs, null, { signal: ended.signal }).catch(() => {});
      if (ended.signal.aborted) return false;
    }
  }

  async function change(run: Running): Promise<void> {
    let changed = () => {};
    switching = new Promise((resolve) => {
      changed = resolve;
    });
    try {
      while (inHand.size > 0) await Promise.allSettled(inHand);
      await run.finish();
      await main.start();
      const old = interim!;
      interim = null;
      await old.stop().catch(() => {});
      journal.remove();
      deps.removeInterim();
    } finally {
      switching = null;
      running = null;
      changed();
    }
  }

  /** Starts the upgrade; where it takes longer than the start may, calls are followed beside it. */
  async function beside(): Promise<void> {
    const run = deps.run();
    const soon = await within(deps.patienceMs, run.ready).catch((e: unknown) => {
      // Calls are captured beside one that waits for room, or whose process has died: it is tried again.
      if (isPassing(e)) return false;
      run.stop();
      throw e;
    });
    if (soon) {
      await run.finish();
      await main.start();
      return journal.remove();
    }
    try {
      interim = await deps.interim();
      journal.begin(deps.mint());
    } catch (e) {
      run.stop();
      await interim?.stop();
      interim = null;
      throw e;
    }
    whole = takeOver(run);
  }

  const catalogue: Catalogue = {
    ...nouns,
    async start() {
      if (interim) return;
      if (!deps.older() && !journal.exists()) return main.start();
      opening = true;
      await beside().finally(() => {
        opening = false;
      });
    },
    async stop() {
      ended.abort();
      while (switching) await switching;
      running?.stop();
      await whole.catch(() => {});
      if (!interim) return main.stop();
      await interim.stop();
      interim = null;
      journal.close();
    },
    async audited(entries, verb) {
      while (switching) await switching;
      if (!interim) return main.audited(entries, verb);
      const given = await verb(nouns);
      for (const entry of entriesFor(entries, given)) await nouns.audit.append(entry);
      return given;
    },
    checkpoint: () => wholeThing((c) => c.checkpoint()),
    schemaFaults: () => wholeThing((c) => c.schemaFaults()),
    changeCount: () => wholeThing((c) => c.changeCount()),
  };
  return {
    catalogue,
    /** Whether the catalogue is still being upgraded. */
    upgrading: (): boolean => interim !== null,
    /** Resolves when all of the catalogue can be used: true, or false where the recorder ends before. */
    whole: (): Promise<boolean> => whole,
  };
}

const isPassing = (e: unknown): boolean =>
  e instanceof TapedeckError && ['upgrade_room', 'disk_full', 'internal'].includes(e.code);

/** Whether it resolves within so many ms. Rejects as it does. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const over = new AbortController();
  const late = wait(ms, false, { signal: over.signal }).catch(() => false);
  return Promise.race([work.then(() => true), late]).finally(() => over.abort());
}

function verbOf(on: Catalogue, name: Verb): (...given: unknown[]) => Promise<unknown> {
  const [noun, verb] = name.split('.') as [keyof Nouns, string];
  return (on[noun] as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>)[verb]!;
}
