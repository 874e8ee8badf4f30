import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { AuditEvent } from '../daemon/domain/audit.js';
import type { Audit } from './audit.js';
import type { CallQuery } from './call-schemas.js';
import { putNewest } from './newest.js';

/** Sent by a page that refreshes itself. */
export const BY_ITSELF = 'x-tapedeck-background';
/** A page may ask twice for what is looked at once; the same again after this time is another look, in ms. */
const AGAIN_MS = 60_000;
/** Somebody who types on within this time is still writing the same words, in ms. */
const TYPING_MS = 3_000;
const MOST = 20_000;

type Typing = { words: string; filters: string[]; timer: NodeJS.Timeout; write: () => void };

export type Seen = ReturnType<typeof createSeen>;

/**
 * What people look at: each look once. What a page asks for by itself is no look, if it has been looked at in this session
 * before: whoever says so of something new is written down all the same.
 */
export function createSeen({ audit, now }: { audit: Audit; now: () => number }) {
  const looks = new Map<string, number>();
  const typing = new Map<string, Typing>();

  /** Whether this is a look that has to be written. */
  function isNew(request: FastifyRequest, what: string): boolean {
    const key = `${request.session!.tokenHash} ${what}`;
    const before = looks.get(key);
    const again = request.headers[BY_ITSELF] === undefined && now() - (before ?? 0) >= AGAIN_MS;
    if (before !== undefined && !again) return false;
    putNewest(looks, key, now(), MOST);
    return true;
  }

  function report(request: FastifyRequest, name: string, detail: AuditEvent['detail'] = {}): void {
    if (isNew(request, `report ${name} ${JSON.stringify(detail)}`))
      audit.note(audit.of(request, 'report', { object: name, detail }));
  }

  return {
    call(request: FastifyRequest, id: string): void {
      if (isNew(request, `call ${id}`))
        audit.note(audit.of(request, 'view', { object: 'call', object_id: id }));
    },

    report,

    /** The list without words and conditions is where everybody begins, and its further pages are the same search. */
    search(request: FastifyRequest, query: Static<typeof CallQuery>): void {
      const { q = '', before, limit: _, ...conditions } = query;
      const words = q.trim();
      const filters = Object.entries(conditions)
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([name, value]) => `${name} ${value}`);
      if (before !== undefined || (words === '' && filters.length === 0)) return;
      if (!isNew(request, `search ${JSON.stringify([words, filters])}`)) return;
      const shape = {
        letters: (words.match(/\p{L}/gu) ?? []).length,
        digits: (words.match(/\d/g) ?? []).length,
      };
      const entry = audit.of(request, 'search', {
        object: 'calls',
        ...(words === '' ? {} : { words }),
        detail: { ...(words === '' ? {} : shape), ...(filters.length > 0 ? { filters } : {}) },
      });
      const { tokenHash } = request.session!;
      const last = typing.get(tokenHash);
      const goesOn = last && (words.startsWith(last.words) || last.words.startsWith(words));
      if (last && goesOn && last.filters.join() === filters.join()) clearTimeout(last.timer);
      else last?.write();
      const write = () => {
        clearTimeout(mine.timer);
        if (typing.get(tokenHash) === mine) typing.delete(tokenHash);
        audit.note(entry);
      };
      const mine: Typing = { words, filters, timer: setTimeout(() => write(), TYPING_MS).unref(), write };
      typing.set(tokenHash, mine);
    },

    /** Writes what is still being typed. */
    stop(): void {
      for (const { write } of [...typing.values()]) write();
    },
  };
}
