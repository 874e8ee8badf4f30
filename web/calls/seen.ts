import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Static } from 'typebox';
import type { AuditEvent } from '../../daemon/domain/assurance/audit.js';
import type { Audit } from '../audit/audit.js';
import type { CallQuery } from './schemas.js';

/** Sent by a page that refreshes itself. */
export const BY_ITSELF = 'x-tapedeck-background';
/** A page may ask twice for what is looked at once; the same again after this time is another look, in ms. */
const AGAIN_MS = 60_000;
/** Somebody who types on within this time is still writing the same words, in ms. */
const TYPING_MS = 3_000;
/** And nobody writes the same words for longer than this. */
const LONGEST_TYPING_MS = 60_000;
const MOST = 20_000;

type Words = { text: string; write: () => void };
/** Words that somebody is still writing: the longest of them, and those of now where these are shorter. */
type Typing = { longest: Words; last: Words; filters: string; timer: NodeJS.Timeout; since: number };

export type Seen = ReturnType<typeof createSeen>;

/**
 * What people look at: each look once. What a page asks for by itself is no look, if it has been looked at in this session
 * before: whoever says so of something new is written down all the same.
 */
export function createSeen({ audit, now }: { audit: Audit; now: () => number }) {
  const looks = new LRUCache<string, number>({ max: MOST });
  const typing = new Map<string, Typing>();

  /** Whether this is a look that has to be written. */
  function isNew(request: FastifyRequest, what: string, { goesOn = false } = {}): boolean {
    const key = `${request.session!.id} ${what}`;
    const before = looks.get(key);
    const again = !goesOn && request.headers[BY_ITSELF] === undefined && now() - (before ?? 0) >= AGAIN_MS;
    if (before !== undefined && !again) return false;
    looks.set(key, now());
    return true;
  }

  function report(request: FastifyRequest, name: string, detail: AuditEvent['detail'] = {}): void {
    if (isNew(request, `report ${name} ${JSON.stringify(detail)}`))
      audit.note(audit.of(request, 'report', { object: name, detail }));
  }

  /**
   * Takes up words that were searched for. Of words that are typed on the longest are written; where they were made shorter
   * again, both, because both were answered.
   */
  function typed(sessionId: string, words: Words, filters: string): void {
    const going = typing.get(sessionId);
    const goesOn =
      going !== undefined &&
      going.filters === filters &&
      now() - going.since < LONGEST_TYPING_MS &&
      going.last.text !== '' &&
      (words.text.startsWith(going.last.text) || going.last.text.startsWith(words.text));
    if (going && !goesOn) flush(sessionId);
    const before = goesOn ? going : null;
    if (before) clearTimeout(before.timer);
    // From shorter words on it may go another way than before: then the longest of that way are written too.
    const apart =
      before !== null &&
      !before.longest.text.startsWith(words.text) &&
      !words.text.startsWith(before.longest.text);
    if (apart) before.longest.write();
    const longest = before && !apart && before.longest.text.startsWith(words.text) ? before.longest : words;
    const timer = setTimeout(() => flush(sessionId), TYPING_MS).unref();
    typing.set(sessionId, { longest, last: words, filters, timer, since: before?.since ?? now() });
  }
  function flush(sessionId: string): void {
    const going = typing.get(sessionId);
    if (!going) return;
    clearTimeout(going.timer);
    typing.delete(sessionId);
    going.longest.write();
    if (going.last.text !== going.longest.text) going.last.write();
  }

  return {
    call(request: FastifyRequest, id: string): void {
      if (isNew(request, `call ${id}`))
        audit.note(audit.of(request, 'view', { object: 'call', object_id: id }));
    },

    /** Who may hear a call only with a reason sees its waveform with one too, and that is an entry of its own. */
    waveform(request: FastifyRequest, id: string, reason: string): void {
      if (!isNew(request, reason === '' ? `call ${id}` : `waveform ${id} ${reason}`)) return;
      const about = { object: 'call', object_id: id, reason, detail: { waveform: true } };
      audit.note(audit.of(request, 'view', about));
    },

    report,

    /**
     * The list without words and conditions is where everybody begins. Further pages are the same search, for who has asked
     * for the first.
     */
    search(request: FastifyRequest, query: Static<typeof CallQuery>): void {
      const { q = '', before, limit: _, ...conditions } = query;
      const words = q.trim();
      const filters = Object.entries(conditions)
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([name, value]) => `${name} ${value}`);
      if (words === '' && filters.length === 0) return;
      const what = `search ${JSON.stringify([words, filters])}`;
      if (!isNew(request, what, { goesOn: before !== undefined })) return;
      const shape = {
        letters: (words.match(/\p{L}/gu) ?? []).length,
        digits: (words.match(/\d/g) ?? []).length,
      };
      const entry = audit.of(request, 'search', {
        object: 'calls',
        ...(words === '' ? {} : { words }),
        detail: { ...(words === '' ? {} : shape), ...(filters.length > 0 ? { filters } : {}) },
      });
      typed(request.session!.id, { text: words, write: () => audit.note(entry) }, filters.join());
    },

    /** Writes what is still being typed. */
    stop(): void {
      for (const sessionId of [...typing.keys()]) flush(sessionId);
    },
  };
}
