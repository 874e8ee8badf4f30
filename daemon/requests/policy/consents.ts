import { Readable } from 'node:stream';
import type { Verbs } from '../../catalogue/catalogue.js';
import { onRecord, putOnRecord } from '../../catalogue/entries.js';
import type { StandingByNumber } from '../../catalogue/standing.js';
import { clean } from '../../domain/call/party.js';
import type { Site } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import type { CONSENT_STREAMS, CONSENTS } from '../../domain/operations/control/consents.js';
import type { By } from '../../domain/operations/control/request.js';
import type { ControlHandlers, StreamHandlers } from '../../domain/operations/control.js';
import { documentType, MOST_DOCUMENT_BYTES } from '../../domain/policy/standing/document.js';
import {
  MOST_ERASE_REASON,
  MOST_STANDING,
  type NewStanding,
  namesErased,
  type Standing,
  type StandingDocument,
  standingFault,
} from '../../domain/policy/standing/standing.js';
import { reasonFrom } from '../../domain/typed.js';
import type { Asker, Askers } from '../askers.js';
import { nameOf } from '../rules.js';

export type ConsentDeps = {
  catalogue: Verbs<
    | 'consents.get'
    | 'consents.count'
    | 'consents.add'
    | 'consents.withdraw'
    | 'consents.documentErased'
    | 'consents.erase'
    | 'checkpoint'
    | 'audit.append'
    | 'audited'
  >;
  standing: Pick<StandingByNumber, 'ready' | 'changed'>;
  documents: {
    /** Seals a document under this id. Returns its SHA-256 in hex. */
    keep(id: string, bytes: Uint8Array): Promise<string>;
    /** Throws `key_missing`, `seal_damaged`. */
    read(id: string): Promise<Buffer>;
    destroy(id: string): Promise<void>;
  };
  askers: Pick<Askers, 'may' | 'proved'>;
  site: Pick<Site, 'region'>;
  clock: () => number;
  mint: (at: number) => string;
};

type Handlers = Pick<ControlHandlers, keyof typeof CONSENTS>;
type Streams = Pick<StreamHandlers<Readable>, keyof typeof CONSENT_STREAMS>;

/** As the dashboard sends it, without what no text has: it is shown, exported and written on the command line. */
const cleaned = ({
  number,
  contact,
  extensions,
  queues,
  how,
  kind,
  givenAt,
  until,
}: NewStanding): NewStanding => ({
  ...{ kind, givenAt, until, number: clean(number, 40), contact: clean(contact, 80), how: clean(how, 200) },
  extensions: namesOf(extensions),
  queues: namesOf(queues),
});
const namesOf = (names: readonly string[]): string[] => names.map((name) => clean(name, 80));

/** Enters and withdraws what outside parties have said once for all calls. No entry of the audit log names them. */
export function createConsentRequests({
  catalogue,
  standing,
  documents,
  askers,
  site,
  clock,
  mint,
}: ConsentDeps): {
  handlers: Handlers;
  streams: Streams;
} {
  async function known(id: number): Promise<Standing> {
    const found = await catalogue.consents.get(id);
    if (!found) throw fail('consent_unknown', String(id));
    return found;
  }

  async function keep(text: string): Promise<StandingDocument> {
    const bytes = Buffer.from(text, 'base64');
    const type = documentType(bytes);
    if (type === null || bytes.length > MOST_DOCUMENT_BYTES) throw fail('document_invalid');
    const id = mint(clock());
    const kept = { id, type, bytes: bytes.length, addedAt: clock(), erasedAt: null, erasedBy: '' };
    return { ...kept, sha256: await documents.keep(id, bytes) };
  }

  /** Does nothing where there is none any more. */
  async function eraseDocument(asker: Asker, by: By, { id, document }: Standing): Promise<void> {
    if (!document || document.erasedAt !== null) return;
    const detail = { sha256: document.sha256 };
    await putOnRecord(
      catalogue,
      asker.entry('consent_erase', { object: 'consent', object_id: String(id), detail }),
    );
    await documents.destroy(document.id);
    await catalogue.consents.documentErased(id, nameOf(by, asker.person?.name), clock());
  }

  const handlers: Handlers = {
    async add_consents(body) {
      const asker = await askers.proved('add_consents', body, 'settings');
      const { by, entries, document: text } = body;
      const given = entries.map(cleaned);
      for (const [i, entry] of given.entries()) {
        const { line } = entries[i]!;
        const fault = standingFault(entry, clock(), site.region);
        if (fault) throw fail('consent_invalid', entries.length > 1 ? `line ${line}: ${fault}` : fault);
      }
      if (text !== null && entries.length > 1)
        throw fail('consent_invalid', 'A document belongs to one entry.');
      if ((await catalogue.consents.count()) + entries.length > MOST_STANDING) throw fail('consent_full');
      await standing.ready();
      // The document first: a row without it would say that there is one.
      const document = text === null ? null : await keep(text);
      const kinds = new Set(entries.map(({ kind }) => kind));
      const added = await onRecord<Standing[]>(
        catalogue,
        ([first]) =>
          asker.entry('consent_add', {
            object: 'consent',
            object_id: entries.length === 1 ? String(first!.id) : '',
            detail: {
              entered: entries.length,
              kind: kinds.size === 1 ? entries[0]!.kind : 'both',
              document: document !== null,
              ...(document && { sha256: document.sha256 }),
            },
          }),
        (c) => c.consents.add(given, nameOf(by, asker.person?.name), clock(), document),
      ).catch(async (e) => {
        if (document) await documents.destroy(document.id).catch(() => {});
        throw e;
      });
      await standing.changed(added);
      return { ids: added.map(({ id }) => id) };
    },

    async withdraw_consent(body) {
      const asker = await askers.proved('withdraw_consent', body, 'settings');
      const { by, id } = body;
      const { kind, withdrawnAt } = await known(id);
      if (withdrawnAt !== null) return {};
      await standing.ready();
      const withdrawn = await onRecord<Standing>(
        catalogue,
        asker.entry('consent_withdraw', { object: 'consent', object_id: String(id), detail: { kind } }),
        (c) => c.consents.withdraw(id, nameOf(by, asker.person?.name), clock()),
      );
      await standing.changed([withdrawn]);
      return {};
    },

    async erase_document(body) {
      const asker = await askers.proved('erase_document', body, 'settings');
      const found = await known(body.id);
      if (!found.document) throw fail('document_unknown', String(body.id));
      await eraseDocument(asker, body.by, found);
      return {};
    },

    async erase_consent(body) {
      const asker = await askers.proved('erase_consent', body, 'settings');
      const { by, id } = body;
      const reason = reasonFrom(body.reason, MOST_ERASE_REASON);
      const found = await known(id);
      if (found.erasedAt !== null) return {};
      if (reason === '') throw fail('consent_reason');
      if (namesErased(found, reason)) throw fail('consent_reason', 'It names the person or the number.');
      await standing.ready();
      await eraseDocument(asker, by, found);
      const detail = { kind: found.kind, row: true };
      const erased = await onRecord<Standing>(
        catalogue,
        asker.entry('consent_erase', { object: 'consent', object_id: String(id), reason, detail }),
        (c) => c.consents.erase(id, nameOf(by, asker.person?.name), clock(), reason),
      );
      await standing.changed([erased]);
      // Where somebody reads the catalogue just now, its journal keeps the old row until the next time that it is emptied.
      await catalogue.checkpoint();
      return {};
    },
  };

  const streams: Streams = {
    async read_document({ by, id }) {
      const asker = await askers.may(by, 'oversee');
      const { document } = await known(id);
      if (!document || document.erasedAt !== null) throw fail('document_unknown', String(id));
      const bytes = await documents.read(document.id);
      const detail = { document: true, sha256: document.sha256 };
      await putOnRecord(
        catalogue,
        asker.entry('export', { object: 'consent', object_id: String(id), detail }),
      );
      return { head: { type: document.type, bytes: bytes.length }, stream: Readable.from([bytes]) };
    },
  };
  return { handlers, streams };
}
