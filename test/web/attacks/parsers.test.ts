import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { pino } from 'pino';
import t from 'tap';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { createCsvReader } from '../../../daemon/cdr/csv.js';
import { outsiderOf } from '../../../daemon/directory/oidc.js';
import { CONTROL, type ControlHandlers, STREAMS } from '../../../daemon/domain/operations/control.js';
import { controlSocket, ownerSocket } from '../../../daemon/domain/paths.js';
import { unqualified } from '../../../daemon/domain/place.js';
import { LONGEST_LETTER } from '../../../daemon/domain/privacy/letters.js';
import { createControl as createDaemonControl } from '../../../daemon/operations/control.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { ask as askRecorder } from '../../../daemon/ops/control-client.js';
import { createMessages } from '../../../daemon/pbx/ami-messages.js';
import { csvRow, translateCdr } from '../../../daemon/pbx/cdr.js';
import { createHeader, headerLength, openHeader } from '../../../daemon/vault/age.js';
import { openMasterKeys } from '../../../daemon/vault/master-key.js';
import { lock, parseLocked, unlock } from '../../../daemon/vault/passphrase.js';
import { createHosts, sameOrigin } from '../../../web/auth/hosts.js';
import { served } from '../../../web/calls/range.js';
import type { Ask } from '../../../web/server/ask.js';
import { createControl } from '../../../web/server/control.js';
import { handlersOf, streamsOf } from '../../support/control-handlers.js';
import { get, openDashboard, setUp } from '../../support/web/dashboard.js';

/** The longest texts by name: folders and files, as long as the system takes them, and letters. */
const LONGEST = new Map([
  ['dir', 4_000],
  ['cdr', 4_000],
  ['text', LONGEST_LETTER],
]);

t.test('every parser of what comes from outside gives an answer for anything', async (t) => {
  const dir = t.testdir({});
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.string());

  t.test('the configuration', async () => {
    const keys = fc.constantFrom('web', 'pbx', 'site', 'port', 'hosts', 'tls', 'address', '__proto__', 'x');
    const value = fc.oneof(
      fc.jsonValue().map((v) => JSON.stringify(v)),
      text,
    );
    const tomlish = fc
      .array(
        fc.oneof(
          fc.tuple(keys, value).map(([k, v]) => `${k} = ${v}`),
          keys.map((k) => `[${k}]`),
          text,
        ),
      )
      .map((all) => all.join('\n'));
    const file = join(dir, 'tapedeck.toml');
    fc.assert(
      fc.property(fc.oneof(text, tomlish), (source) => {
        writeFileSync(file, source);
        try {
          loadConfig(file);
        } catch (e) {
          if ((e as { code?: string }).code !== 'config_invalid') throw e;
        }
      }),
      { numRuns: 400 },
    );
  });

  t.test('files of CDRs', async (t) => {
    const path = join(dir, 'Master.csv');
    const now = Date.UTC(2026, 6, 26);
    const time = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
    const good = (n: number) =>
      [
        ...[
          '',
          '+1555',
          '100',
          'from-trunk',
          `"""x"" <+1555>"`,
          'PJSIP/trunk-00000001',
          'PJSIP/101-00000002',
        ],
        ...['Dial', 'PJSIP/101', time(now - 60_000), time(now - 55_000), time(now - 30_000), '30', '25'],
        ...['ANSWERED', 'DOCUMENTATION', `good.${n}`, '', '', `good.${n}`, `${n}`],
      ].join();
    const piece = fc.oneof(
      text,
      fc.constantFrom(
        '"',
        ',',
        '\n',
        '\r\n',
        '""',
        '\0',
        '\ufeff',
        '\\',
        ' ',
        good(7),
        `"${'x'.repeat(70_000)}`,
      ),
    );
    const reader = createCsvReader({
      path,
      toCdr: (fields) => translateCdr(csvRow(fields) ?? {}, ['UTC'], now),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        // Whatever is before it, a record on lines of its own is read.
        writeFileSync(path, `${pieces.join('')}\n\n\n\n${good(1)}\n`);
        const found = await reader.read({ from: now - 120_000, to: now });
        if (!found.some((cdr) => cdr.uniqueid === 'good.1')) throw new Error('the last record is lost');
        for (const cdr of found) if (!(cdr.endAt >= cdr.startAt)) throw new Error(JSON.stringify(cdr));
      }),
      { numRuns: 300 },
    );
    t.pass();
  });

  t.test('the file of a locked master key', async (t) => {
    const key = new Uint8Array(32).fill(7);
    const { text: whole } = lock(key, 'right', { memory_kib: 8, passes: 1, lanes: 1 });
    const fields = JSON.parse(whole) as Record<string, unknown>;
    // No more memory or time than a test may have; beyond what is allowed the file is not taken for one.
    const value = fc.oneof(text, fc.jsonValue({ maxDepth: 1 }), fc.integer({ max: 40 }), fc.base64String());
    const change = fc.dictionary(fc.constantFrom(...Object.keys(fields), '__proto__', 'other'), value);
    const file = fc.oneof(
      text,
      fc.json(),
      change.map((c) => JSON.stringify({ ...fields, ...c })),
      fc.tuple(fc.nat(whole.length), text).map(([at, noise]) => whole.slice(0, at) + noise + whole.slice(at)),
      fc.nat(whole.length).map((at) => whole.slice(0, at)),
    );
    fc.assert(
      fc.property(file, (source) => {
        const locked = parseLocked(source);
        if (!locked) return;
        try {
          t.strictSame(unlock(locked, 'right').key, Buffer.from(key), 'what opens is the key');
        } catch (e) {
          if ((e as { code?: string }).code !== 'passphrase_wrong') throw e;
        }
      }),
      { numRuns: 500 },
    );
    t.equal(parseLocked(JSON.stringify({ ...fields, memory_kib: 2 ** 30 })), undefined);
    const path = join(dir, 'master.key');
    fc.assert(
      fc.property(file, (source) => {
        writeFileSync(path, source, { mode: 0o600 });
        try {
          openMasterKeys(path, 'right');
        } catch (e) {
          if (!/^(passphrase_wrong|master_key_missing)$/.test((e as { code?: string }).code ?? '')) throw e;
        }
      }),
      { numRuns: 200 },
    );
  });

  t.test('what an OpenID provider says of somebody', async (t) => {
    const { oidc } = loadConfig(
      ((path) => {
        writeFileSync(
          path,
          '[oidc]\nissuer = "https://id.example"\nclient_id = "x"\nclient_secret_file = "x"\nextension_claim = "extension"\ntrusted_amr = ["mfa"]\n[[oidc.roles]]\ngroup = "g"\nroles = ["agent"]\n',
        );
        return path;
      })(join(dir, 'oidc.toml')),
    );
    const said = fc.oneof(text, fc.jsonValue({ maxDepth: 3 }), fc.array(text), fc.constantFrom('mfa', '101'));
    const claims = fc.dictionary(
      fc.constantFrom('sub', oidc.name_claim, oidc.groups_claim, 'extension', 'amr', 'acr', '__proto__'),
      said,
    );
    fc.assert(
      fc.property(claims, (given) => {
        try {
          const found = outsiderOf(given, oidc);
          if (found.name === '' || found.name.length > 60 || /\p{Cc}/u.test(found.name))
            throw new Error(found.name);
          if (!found.groups.every((g) => typeof g === 'string')) throw new Error('groups');
          // Of the first PBX, or "warehouse/101".
          if (!found.extensions.every((e) => /^[0-9*#]{1,15}$/.test(unqualified(e).name)))
            throw new Error('extensions');
          if (found.secondFactor && ![given.amr].flat().includes('mfa')) throw new Error('a second factor');
        } catch (e) {
          if ((e as { code?: string }).code !== 'provider_refused') throw e;
        }
      }),
      {
        numRuns: 1_000,
        examples: [
          [{ [oidc.name_claim]: 'Ada', sub: { toString: [] } }],
          [{ [oidc.name_claim]: 'Ada', sub: 'ada', extension: 'a/0' }],
        ],
      },
    );
    t.pass();
  });

  t.test('requests on the control socket, and answers on it', async (t) => {
    const place = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    t.teardown(() => rmSync(place, { recursive: true }));
    const [socket, owner] = [controlSocket(place), ownerSocket(place)];
    mkdirSync(join(place, 'signing'));
    const faults: unknown[] = [];
    const through = new Set<string>();
    const looked =
      <A>(name: string, shape: TSchema, answer: A) =>
      (body: unknown): A => {
        through.add(name);
        if (!Value.Check(shape, body) || longTexts(Value.Clean(shape, body))) faults.push({ name, body });
        return answer;
      };
    const posts = Object.entries(CONTROL).filter(([, { method }]) => method === 'POST');
    const handlers = Object.fromEntries(posts.map(([name, { body }]) => [name, looked(name, body, {})]));
    const control = createDaemonControl({
      ...{ socket, ownerSocket: owner, log: pino({ level: 'silent' }) },
      streams: streamsOf({
        make_evidence: async (body) =>
          looked('make_evidence', STREAMS.make_evidence.body, {
            ...{ head: { name: 'x' }, stream: Readable.from([]) },
          })(body),
      }),
      handlers: handlersOf(handlers as Partial<ControlHandlers>),
    });
    // A test that fails before its end would wait for the sockets.
    t.teardown(() => control.stop());
    await control.start();
    const owners = new Set(posts.filter(([, one]) => one.socket === 'owner').map(([, { path }]) => path));
    const send = (path: string, body: string) =>
      new Promise<number>((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
        const socketPath = owners.has(path) ? owner : socket;
        request({ socketPath, path, method: 'POST', headers, agent: false }, (answer) => {
          answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
        })
          .on('error', reject)
          .end(body);
      });
    const requests = [...posts.map(([, { path, body }]) => ({ path, body })), STREAMS.make_evidence];
    const noise = fc.oneof(
      text,
      fc.jsonValue({ maxDepth: 2 }),
      fc.string({ minLength: 2_000, maxLength: 3_000 }),
    );
    const fields = fc.constantFrom(...['by', 'id', 'confirm', 'call', 'reason', '__proto__', 'constructor']);
    /** Anything, or as it should be but for some of it. */
    const bodyOf = (shape: TSchema) => {
      const good = Value.Create(shape) as Record<string, unknown>;
      const names = fc.constantFrom(...Object.keys(good), 'other', '__proto__');
      return fc.oneof(
        text,
        fc.json(),
        fc.dictionary(fields, noise).map((b) => JSON.stringify(b)),
        fc.constant(JSON.stringify(good)),
        fc.dictionary(names, noise, { maxKeys: 2 }).map((b) => JSON.stringify({ ...good, ...b })),
      );
    };
    const asked = fc.oneof(...requests.map(({ path, body }) => fc.tuple(fc.constant(path), bodyOf(body))));
    await fc.assert(
      fc.asyncProperty(asked, async ([to, sent]) => {
        const status = await send(to, sent);
        if (![200, 400].includes(status)) throw new Error(`${to} ${sent}: ${status}`);
      }),
      { numRuns: 2_000 },
    );
    await control.stop();
    t.strictSame(faults, [], 'what gets through has the form of the contract, and short texts');
    t.ok(through.size >= requests.length / 2, `${through.size} of ${requests.length} requests got through`);

    let answer = '';
    const odd = createHttpServer((_, response) => response.end(answer));
    await new Promise<void>((up) => odd.listen(owner, up));
    t.teardown(() => {
      odd.close();
      odd.closeAllConnections();
    });
    const overSocket: Ask = (name, body) => askRecorder(place, name, body as never);
    const dashboards = createControl(overSocket);
    const by = { person: 'x', session: 'y', address: '' };
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, fc.json()), async (said) => {
        answer = said;
        if ((await dashboards.status()).daemon !== 'down') throw new Error('taken for a status');
        if ((await dashboards.checkpoints()) !== null) throw new Error('taken for checkpoints');
        const refused = async (name: string, asking: Promise<unknown>) => {
          const code = await asking.then(
            () => 'an answer',
            (e: { code?: string }) => e.code,
          );
          if (code !== 'daemon_differs' && code !== 'daemon_unreachable')
            throw new Error(`taken for ${name}: ${code}`);
        };
        await refused('leave', overSocket('open_test_call', { pass: 'x', call: 'y' }));
        await refused('a key', overSocket('open_recording', { by, call: 'x', as: 'play', reason: '' }));
        await refused('a run', overSocket('run_retention', { by }));
        const means = { password: 'x' };
        const shown = {
          ...{ person: 'x', session: 'y', address: '' },
          ...{ begins: true, device: null, act: null, means },
        };
        await refused('a proof', overSocket('prove', shown));
      }),
      { numRuns: 100 },
    );
  });

  t.test('lines of AMI', async (t) => {
    const piece = fc.oneof(
      text,
      fc.constantFrom(
        'Event: ',
        'Response: ',
        '\r\n',
        '\r\n\r\n',
        'ActionID: 1',
        ': ',
        '\0',
        'Event: X\r\nA: b\r\n\r\n',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const got: string[] = [];
        const messages = createMessages({
          wanted: (event) => event !== 'X',
          onMessage: (message) => got.push(message),
          onJunk: () => {},
        });
        for (const one of pieces) messages.feed(one);
        messages.feed('\r\n\r\nEvent: Last\r\n\r\n');
        for (const message of got)
          if (!/^([^:\r\n]{1,100}: ?.*\r\n)+\r\n$/s.test(message) || /^Event: X\r\n/.test(message))
            throw new Error(message);
        // What came before never swallows what comes after.
        if (!got.at(-1)?.includes('Event: Last')) throw new Error('the last one is lost');
      }),
      { numRuns: 500 },
    );
    t.pass();
  });

  t.test('rows of CDRs', async () => {
    const now = Date.UTC(2026, 6, 26);
    fc.assert(
      fc.property(fc.array(text, { minLength: 14, maxLength: 24 }), (fields) => {
        const cdr = translateCdr(
          csvRow(fields) ?? Object.fromEntries(fields.map((f, i) => [f, i])),
          ['UTC'],
          now,
        );
        if (cdr && !(cdr.endAt >= cdr.startAt)) throw new Error(JSON.stringify(cdr));
      }),
      { numRuns: 500 },
    );
  });

  t.test('headers of age files', async () => {
    const { header } = await createHeader([await identityToRecipient(await generateX25519Identity())]);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .tuple(fc.nat(header.length), fc.uint8Array({ maxLength: 30 }))
        .map(([at, noise]) => Buffer.concat([header.subarray(0, at), noise, header.subarray(at)])),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (noise) => {
        headerLength(Buffer.from(noise));
        await openHeader(Buffer.from(noise), new Uint8Array(16)).then(
          () => {
            throw new Error('it opened');
          },
          (e: { code?: string }) => {
            if (e.code !== 'seal_damaged') throw e;
          },
        );
      }),
      { numRuns: 300 },
    );
  });

  t.test('Range, If-Range and If-None-Match', async () => {
    const header = fc.oneof(
      text,
      fc
        .tuple(
          fc.constantFrom('bytes=', 'bytes ', 'BYTES=', ''),
          fc.array(fc.oneof(fc.nat(), fc.constantFrom('-', ',', ' ', '"e"', '9'.repeat(400))), {
            maxLength: 12,
          }),
        )
        .map(([unit, parts]) => unit + parts.join('')),
    );
    fc.assert(
      fc.property(
        fc.option(header, { nil: undefined }),
        fc.option(header, { nil: undefined }),
        fc.option(header, { nil: undefined }),
        fc.nat({ max: 1_000 }),
        (range, ifRange, ifNoneMatch, size) => {
          const part = served({ range, ifRange, ifNoneMatch }, size, '"e"');
          if (part.status === 206 && !(part.start >= 0 && part.start <= part.end && part.end < size))
            throw new Error(JSON.stringify(part));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  t.test('Host and Origin', async (t) => {
    const hosts = createHosts({ address: '127.0.0.1', hosts: ['tapedeck.office.lan'], own: () => [] });
    const part = fc.oneof(
      text,
      fc.constantFrom(
        'tapedeck.office.lan',
        'localhost',
        '@',
        ':',
        '.',
        '/',
        '#',
        '?',
        '[::1]',
        ':8090',
        '\\',
        ' ',
      ),
    );
    const ours = /^(localhost|127\.0\.0\.1|\[?::1\]?|tapedeck\.office\.lan)\.?(:\d{1,5})?$/i;
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 5 }).map((parts) => parts.join('')),
        (host) => {
          if (hosts.allows(host) && !ours.test(host.replace(/\.(?=:|$)/, ''))) throw new Error(host);
          sameOrigin(host, host);
          if (sameOrigin(`http://evil.example/${host}`, 'localhost')) throw new Error(host);
        },
      ),
      { numRuns: 2_000 },
    );
    t.pass();
  });

  t.test('cookies and other headers of a request', async (t) => {
    const dashboard = await openDashboard(t);
    const cookie = await setUp(dashboard);
    const noise = fc.oneof(
      text,
      // So much is missing of it that noise will not complete it.
      fc.constant(cookie.slice(0, -20)),
      fc.constantFrom(';', '=', '%', '"', 'tapedeck_session=', '__Host-tapedeck_session='),
    );
    const value = fc
      .array(noise, { maxLength: 6 })
      .map((parts) => parts.join('').replace(/[^\x20-\x7e]/g, '%'));
    await fc.assert(
      fc.asyncProperty(value, value, value, async (cookies, authorization, range) => {
        const { statusCode } = await get(dashboard.app, '/calls', cookies, { authorization, range });
        if (statusCode !== 401) throw new Error(`${statusCode} for ${cookies}`);
      }),
      { numRuns: 300 },
    );
    t.pass();
  });
});

/** What is a file, in base64. */
const FILES: ReadonlySet<string> = new Set(['audio', 'document']);

/** Whether a text in it, files apart, is longer than any that is to be kept. */
function longTexts(value: unknown, most = 2_000): boolean {
  if (typeof value === 'string') return value.length > most;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([name, one]) => !FILES.has(name) && longTexts(one, LONGEST.get(name) ?? most),
  );
}
