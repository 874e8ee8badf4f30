import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { decode } from '../../support/recordings/audio.js';
import { post } from '../../support/web/dashboard.js';
import { openFurnished } from '../../support/web/furnished.js';

/** The page about the API, followed as it is written: each curl runs, and answers what the page says. */

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/reference/api.md'), 'utf8');
const ORIGIN = 'https://tapedeck.office.lan:8090';
const RIGHTS: Record<string, string> = {
  'List calls': 'view',
  'Play recordings': 'play',
  'Mask, keep or decline calls in progress': 'direct',
  'Read health, metrics, coverage, policy and retention': 'oversee',
};

type Example = { title: string; rights: string[]; curls: string[]; answer: unknown };

/** The examples of the page: a paragraph that says what the token needs, commands, and the beginning of an answer. */
function examples(): Example[] {
  const section = PAGE.slice(PAGE.indexOf('## Examples'), PAGE.indexOf('## Monitoring'));
  return section
    .split(/\n(?=\*\*)/)
    .slice(1)
    .map((text) => {
      const json = /^ {4}(\{.*\})$/m.exec(text)?.[1];
      const named = /Permissions? ((?:"[^"]+"(?: and )?)+)/.exec(text)?.[1] ?? '';
      return {
        title: /^\*\*([^*]+)\*\*/.exec(text)![1]!,
        rights: [...named.matchAll(/"([^"]+)"/g)].map(([, words]) => RIGHTS[words!]!),
        curls: [...text.matchAll(/^ {4}(curl .*)$/gm)].map(([, curl]) => curl!),
        answer: json === undefined ? undefined : JSON.parse(json),
      };
    });
}

/** What a value is: the fields of an object, what is in a list, or the type. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (value === null || typeof value !== 'object') return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]));
}

t.test('each curl of the page runs, with the permission that the page names and no other', async (t) => {
  const house = await openFurnished(t, { uiDir: t.testdir({ 'index.html': '' }) });
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-api-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const cookie = await house.signIn('anna');
  const live = house.calls.find(({ endedAt, answeredAt }) => endedAt === null && answeredAt !== null)!;
  const call = house.calls.find(({ recording }) => recording?.state === 'sealed')!;

  /** As a shell does it, in a folder with the token; the name of the machine is this one's. */
  const run = (curl: string) =>
    new Promise<{ code: number; out: string }>((resolve) => {
      const env = { PATH: process.env.PATH!, CALL: call.id, LIVE: live.id };
      const command = curl.replace(ORIGIN, house.url).replace('--cacert tapedeck-ca.crt ', '');
      if (command.includes('https:') || command === curl) throw new Error(`not as the others: ${curl}`);
      execFile('sh', ['-ec', command], { env, cwd: dir }, (e, out) =>
        resolve({ code: e ? Number(e.code) : 0, out }),
      );
    });
  const withToken = async (rights: string[]) => {
    rmSync(join(dir, 'token'), { force: true });
    if (rights.length === 0) return;
    const made = await post(house.dashboard.app, '/account/tokens', { name: 'script', rights }, { cookie });
    t.equal(made.statusCode, 200, made.body);
    writeFileSync(join(dir, 'token'), `Authorization: Bearer ${made.json().secret}\n`);
  };

  const all = examples();
  t.ok(all.length >= 7, `${all.length} examples`);
  for (const { title, rights, curls, answer } of all)
    await t.test(title, async (t) => {
      t.ok(curls.length > 0);
      for (const missing of rights) {
        const others = rights.filter((right) => right !== missing);
        await withToken(others.length > 0 ? others : [missing === 'view' ? 'audit' : 'view']);
        t.equal((await run(curls[0]!)).code, 22, `refused to a token without "${missing}"`);
      }
      await withToken(rights);
      for (const curl of curls) {
        const { code, out } = await run(curl);
        t.equal(code, 0, `${curl}\n${out.slice(0, 400)}`);
        if (answer !== undefined) t.match(shapeOf(JSON.parse(out)), shapeOf(answer), out.slice(0, 400));
        if (curl.includes('call.opus'))
          t.equal((await decode(readFileSync(join(dir, 'call.opus')), 8_000)).channels.length, 2);
      }
    });
});
