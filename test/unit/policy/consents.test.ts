import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { createStandingByNumber } from '../../../daemon/catalogue/standing.js';
import type { ControlBody } from '../../../daemon/domain/operations/control.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { MOST_DOCUMENT_BYTES } from '../../../daemon/domain/policy/standing/document.js';
import type { NewStanding } from '../../../daemon/domain/policy/standing/standing.js';
import { createConsentRequests } from '../../../daemon/requests/policy/consents.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { createDocuments } from '../../../daemon/vault/store/documents.js';
import { opened } from '../../support/catalogue/opened.js';

const NOW = Date.UTC(2026, 10, 28, 9);
const PDF = Buffer.from('%PDF-1.7 I agree. Signed: Ann Example');
const by = { console: 'root' };
const entry = (more: Partial<NewStanding> = {}) => ({
  ...{
    line: 1,
    kind: 'objection' as const,
    number: '+49 30 1234567',
    contact: '',
    extensions: [],
    queues: [],
  },
  ...{ givenAt: NOW - 5, how: 'e-mail', until: null },
  ...more,
});

async function lab(t: Test) {
  const dataDir = t.testdir({});
  const { catalogue, path } = await opened(t, catalogueFile(join(dataDir, 'data')));
  const clock = { ms: NOW };
  const keys = createKeys({ path: join(dataDir, 'keys', 'keys.db'), masterKey: Buffer.alloc(32, 7) });
  keys.start();
  t.teardown(() => keys.stop());
  const documents = createDocuments({ dataDir, keys, recovery: '' });
  const standing = createStandingByNumber({ catalogue, region: 'DE', clock: () => clock.ms });
  const ids: number[] = [];
  const asker = {
    person: null,
    entry: (action: string, about = {}) => ({
      ...{ at: new Date(clock.ms).toISOString(), actor: 'console', actor_id: '', actor_name: 'root' },
      ...{ address: '', action, object: '', object_id: '', reason: '', outcome: 'ok', detail: {}, ...about },
    }),
  };
  const made = createConsentRequests({
    ...{ catalogue, standing, documents, site: { region: 'DE' }, clock: () => clock.ms },
    askers: { may: async () => asker, proved: async () => asker } as never,
    mint: () => `01ARZ3NDEKTSV4RRFFQ69G5${String(ids.push(0)).padStart(3, '0')}`,
  });
  const { streams } = made;
  const handlers = {
    add_consents: async (body: ControlBody<'add_consents'>) => made.handlers.add_consents(body),
    withdraw_consent: async (body: ControlBody<'withdraw_consent'>) => made.handlers.withdraw_consent(body),
    erase_document: async (body: ControlBody<'erase_document'>) => made.handlers.erase_document(body),
    erase_consent: async (body: ControlBody<'erase_consent'>) => made.handlers.erase_consent(body),
  };
  const add = (given = entry(), document: Buffer | null = null) =>
    handlers.add_consents({
      by,
      entries: [given],
      document: document?.toString('base64') ?? null,
    });
  const read = async (id: number) => {
    const { head, stream } = await streams.read_document({ by, id }, new AbortController().signal);
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece as Buffer);
    return { head, bytes: Buffer.concat(pieces) };
  };
  return { catalogue, clock, dataDir, path, keys, standing, handlers, add, read };
}

t.test('what is entered and withdrawn is on record without a name, and in memory at once', async (t) => {
  const { catalogue, clock, standing, handlers, add } = await lab(t);
  const { ids } = await add(entry({ contact: 'Ann' }));
  const id = ids[0]!;
  t.match(standing.holding('0301234567', NOW, null), [{ kind: 'objection', number: '0301234567' }]);
  t.equal(standing.anyObjection(), true);
  clock.ms += 60;
  t.same(await handlers.withdraw_consent({ by, id }), {});
  clock.ms += 60;
  t.same(await handlers.withdraw_consent({ by, id }), {}, 'idempotent');
  t.same(standing.holding('0301234567', clock.ms, null), []);
  t.equal(standing.holding('0301234567', NOW + 59, null).length, 1, 'a call that began before');
  t.equal(standing.anyObjection(), false);
  t.match(await catalogue.consents.get(id), { withdrawnAt: NOW + 60, withdrawnBy: 'root (command line)' });
  const entries = await catalogue.audit.entries({ limit: 9 });
  t.match(entries, [
    { action: 'consent_withdraw', object: 'consent', object_id: String(id), detail: { kind: 'objection' } },
    { action: 'consent_add', object_id: String(id), detail: { entered: 1, document: false } },
  ]);
  t.notMatch(JSON.stringify(entries), /Ann|1234567/);
  const again = createStandingByNumber({ catalogue, region: 'DE', clock: () => clock.ms });
  await again.ready();
  t.equal(again.holding('0301234567', NOW + 59, null).length, 1, 'after a restart too');
  await t.rejects(handlers.withdraw_consent({ by, id: 99 }), { code: 'consent_unknown' });
});

t.test('what cannot be is not entered', async (t) => {
  const { catalogue, handlers, add } = await lab(t);
  for (const [wrong, detail] of [
    [{ number: 'Ann' }, /not a telephone number/],
    [{ givenAt: NOW + 1 }, /in the future/],
    [{ until: NOW - 6 }, /before it was given/],
    [{ until: NOW }, /ended already/],
  ] as const)
    await t.rejects(add(entry(wrong)), { code: 'consent_invalid', detail });
  await t.rejects(handlers.add_consents({ by, entries: [entry(), entry({ number: 'x' })], document: null }), {
    code: 'consent_invalid',
    detail: /^line 1: /,
  });
  await t.rejects(
    handlers.add_consents({ by, entries: [entry(), entry()], document: PDF.toString('base64') }),
    { code: 'consent_invalid' },
  );
  t.equal(await catalogue.consents.count(), 0);
});

t.test('a signed document is sealed, given out as it was, and destroyed with its key', async (t) => {
  const { catalogue, dataDir, keys, handlers, add, read } = await lab(t);
  const { ids } = await add(entry(), PDF);
  const id = ids[0]!;
  const sha256 = createHash('sha256').update(PDF).digest('hex');
  const { document } = (await catalogue.consents.get(id))!;
  t.match(document, { type: 'application/pdf', bytes: PDF.length, sha256, erasedAt: null });
  const [file] = readdirSync(join(dataDir, 'documents'));
  const path = join(dataDir, 'documents', file!);
  t.match(readFileSync(path, 'latin1'), /^age-encryption\.org\/v1\n/);
  t.notMatch(readFileSync(path, 'latin1'), /Signed|%PDF/);
  t.same(await read(id), { head: { type: 'application/pdf', bytes: PDF.length }, bytes: PDF });
  t.match(await catalogue.audit.entries({ actions: ['export'], limit: 9 }), [
    { object: 'consent', object_id: String(id), detail: { sha256 } },
  ]);

  const sealed = readFileSync(path);
  const flipped = Buffer.from(sealed);
  flipped[flipped.length - 20]! ^= 1;
  writeFileSync(path, flipped);
  await t.rejects(read(id), { code: 'seal_damaged' }, 'altered');
  unlinkSync(path);
  writeFileSync(join(dataDir, 'elsewhere'), sealed);
  symlinkSync(join(dataDir, 'elsewhere'), path);
  await t.rejects(read(id), { code: 'seal_damaged' }, 'a link in its place');
  unlinkSync(path);
  writeFileSync(path, sealed);

  t.same(await handlers.erase_document({ by, id }), {});
  t.same(readdirSync(join(dataDir, 'documents')), []);
  t.equal(keys.has(`document-${document!.id}`), false);
  t.match(await catalogue.consents.get(id), { document: { sha256, erasedBy: 'root (command line)' } });
  t.match(await catalogue.audit.entries({ actions: ['consent_erase'], limit: 9 }), [
    { object_id: String(id), detail: { sha256 } },
  ]);
  t.same(await handlers.erase_document({ by, id }), {}, 'idempotent');
  await t.rejects(read(id), { code: 'document_unknown' });
  writeFileSync(path, sealed);
  await t.rejects(
    read(id),
    { code: 'document_unknown' },
    'a copy that comes back is nothing without the key',
  );
});

t.test('a file is taken by what it is, not by what it is called, and only so large', async (t) => {
  const { catalogue, dataDir, add } = await lab(t);
  const large = Buffer.alloc(MOST_DOCUMENT_BYTES + 1);
  PDF.copy(large);
  for (const wrong of [
    Buffer.from('<html><script>'),
    Buffer.from('<svg xmlns='),
    Buffer.from('%PDX-1.7'),
    large,
  ])
    await t.rejects(add(entry(), wrong), { code: 'document_invalid' });
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]);
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0]);
  for (const fine of [png, jpeg, large.subarray(0, MOST_DOCUMENT_BYTES)]) await add(entry(), fine);
  t.same(
    (await catalogue.consents.list({ limit: 9 })).map(({ document }) => document!.type),
    ['application/pdf', 'image/jpeg', 'image/png'],
  );
  t.equal(readdirSync(join(dataDir, 'documents')).length, 3);
});

t.test('no sealed document is left of an entry that could not be written', async (t) => {
  const { catalogue, dataDir, keys, standing, add } = await lab(t);
  catalogue.audited = async () => Promise.reject(Object.assign(new Error('full'), { code: 'SQLITE_FULL' }));
  await t.rejects(add(entry(), PDF), { code: 'audit_unwritable' });
  t.same(readdirSync(join(dataDir, 'documents')), []);
  t.equal(keys.has('document-01ARZ3NDEKTSV4RRFFQ69G5001'), false);
  t.equal(standing.anyObjection(), false);
});

t.test('what is erased leaves no number or name in the catalogue or its log', async (t) => {
  const { catalogue, clock, dataDir, path, keys, standing, handlers, add } = await lab(t);
  const given = entry({ number: '+49 30 7777 8888', contact: 'Ann Unusual', how: 'letter of Ann Unusual' });
  const { ids } = await add(given, PDF);
  const id = ids[0]!;
  const { document } = (await catalogue.consents.get(id))!;
  for (const reason of [' ', 'asked by 030 7777 8888', 'ANN UNUSUAL asked', 'about 78888'])
    await t.rejects(handlers.erase_consent({ by, id, reason }), { code: 'consent_reason' }, reason);
  t.match(await catalogue.consents.get(id), { number: '+49 30 7777 8888', document: { erasedAt: null } });
  clock.ms += 60;
  t.same(await handlers.erase_consent({ by, id, reason: 'Request of 3 May' }), {});
  t.same(await handlers.erase_consent({ by, id, reason: 'Another' }), {}, 'idempotent');
  t.match(await catalogue.consents.get(id), {
    ...{ kind: 'objection', number: '', contact: '', how: '', erasedAt: NOW + 60 },
    ...{ withdrawnAt: NOW + 60, erasedBy: 'root (command line)', erasedWhy: 'Request of 3 May' },
    document: { erasedAt: NOW + 60 },
  });
  t.equal(keys.has(`document-${document!.id}`), false);
  t.same(readdirSync(join(dataDir, 'documents')), []);
  const entries = await catalogue.audit.entries({ limit: 9 });
  t.match(entries, [
    { action: 'consent_erase', object_id: String(id), reason: 'Request of 3 May', detail: { row: true } },
    { action: 'consent_erase', object_id: String(id), detail: { sha256: document!.sha256 } },
    { action: 'consent_add' },
  ]);
  const files = readdirSync(dirname(path)).map((name) => readFileSync(join(dirname(path), name), 'latin1'));
  t.ok(files.some((text) => text.includes('Request of 3 May')));
  for (const gone of ['7777 8888', '4930777', 'Unusual'])
    t.notOk(
      files.some((text) => text.includes(gone)),
      gone,
    );
  t.equal(standing.anyObjection(), false);
  clock.ms += 60;
  t.same(standing.holding('03077778888', clock.ms, null), []);
  t.equal(standing.holding('03077778888', NOW + 59, null).length, 1, 'a call in progress stays as it is');
  const again = createStandingByNumber({ catalogue, region: 'DE', clock: () => clock.ms });
  await again.ready();
  t.same(again.holding('03077778888', NOW + 59, null), [], 'not kept by the next start');
  await t.rejects(handlers.erase_consent({ by, id: 99, reason: 'x' }), { code: 'consent_unknown' });
});

t.test('nothing is erased that cannot be put on record', async (t) => {
  const { catalogue, handlers, add } = await lab(t);
  const { ids } = await add();
  const id = ids[0]!;
  catalogue.audited = async () => Promise.reject(Object.assign(new Error('full'), { code: 'SQLITE_FULL' }));
  await t.rejects(handlers.erase_consent({ by, id, reason: 'Asked' }), { code: 'audit_unwritable' });
  t.match(await catalogue.consents.get(id), { number: '+49 30 1234567', erasedAt: null });
});
