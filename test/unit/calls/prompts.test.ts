import { appendFileSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { createMuteWatch } from '../../../daemon/capture/mute.js';
import { spoolName } from '../../../daemon/domain/recording/recording.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createPromptServer } from '../../../daemon/pbx/prompt-server.js';
import { createPrompts } from '../../../daemon/pbx/prompts.js';

const log = createLog('silent', 'test');
const HASH = 'ab'.repeat(32);
const PROMPT = { hash: HASH, wav: Buffer.from('a prompt'), wav16: Buffer.from('a wide prompt') };
const NAME = `tapedeck-prompt-${HASH}`;

t.test('it is put into the spool whole, once, and put back when it was changed', async (t) => {
  const spool = t.testdir({});
  const asked: string[] = [];
  const hasStored = async (name: string) => asked.push(name) > 0;
  const prompts = createPrompts({ spool, hasStored, server: null, log });
  t.equal(await prompts.offer(PROMPT), `recording:${NAME}`);
  t.same(readdirSync(spool), [`${NAME}.wav`, `${NAME}.wav16`]);
  t.equal(statSync(join(spool, `${NAME}.wav`)).mode & 0o777, 0o644, 'Asterisk may read it');
  const { ino } = statSync(join(spool, `${NAME}.wav`));
  await prompts.offer(PROMPT);
  t.equal(statSync(join(spool, `${NAME}.wav`)).ino, ino, 'what is right stays');
  writeFileSync(join(spool, `${NAME}.wav`), 'something else');
  await prompts.offer(PROMPT);
  t.equal(readFileSync(join(spool, `${NAME}.wav`), 'utf8'), 'a prompt');
  t.same(asked, [NAME, NAME, NAME]);
});

t.test('a link that somebody has put in its place is replaced, not followed', async (t) => {
  const dir = t.testdir({ spool: {}, 'not-ours': 'a prompt' });
  symlinkSync(join(dir, 'not-ours'), join(dir, 'spool', `${NAME}.wav`));
  const prompts = createPrompts({
    spool: join(dir, 'spool'),
    hasStored: async () => true,
    server: null,
    log,
  });
  await prompts.offer({ ...PROMPT, wav: Buffer.from('another'), wav16: null });
  t.equal(readFileSync(join(dir, 'not-ours'), 'utf8'), 'a prompt');
  t.equal(readFileSync(join(dir, 'spool', `${NAME}.wav`), 'utf8'), 'another');
});

t.test('where the PBX does not find it, it is fetched, and without an address there is no way', async (t) => {
  const server = createPromptServer({ host: '127.0.0.1', port: 0, base: 'http://127.0.0.1' });
  await server.start();
  t.teardown(() => server.stop());
  const spool = t.testdir({});
  const hasStored = async () => false;
  const media = await createPrompts({ spool, hasStored, server, log }).offer(PROMPT);
  t.match(media, /^sound:http:\/\/127\.0\.0\.1:\d+\/prompt-/);
  t.ok(media.length >= 200, 'longer than the path of any cache');
  const address = media.slice('sound:'.length);
  const got = await fetch(address);
  t.equal(await got.text(), 'a prompt');
  t.match(got.headers.get('cache-control'), /immutable/);
  t.equal((await fetch(address, { method: 'HEAD' })).status, 200);
  t.equal((await fetch(address, { method: 'POST', body: 'x' })).status, 405);
  for (const other of ['/', '/../etc/passwd', `/${HASH}.wav`])
    t.equal((await fetch(new URL(other, address))).status, 404);
  await t.rejects(createPrompts({ spool, hasStored, server: null, log }).offer(PROMPT), {
    code: 'prompt_unplayable',
  });
  await t.rejects(createPrompts({ spool, hasStored, server, log }).offer({ ...PROMPT, hash: '../x' }), {
    code: 'internal',
  });
});

t.test('a spool that cannot be written to is no way', async (t) => {
  const spool = join(t.testdir({}), 'none');
  const prompts = createPrompts({ spool, hasStored: async () => true, server: null, log });
  await t.rejects(prompts.offer(PROMPT), { code: 'prompt_unplayable' });
});

t.test('whoever listens to a prompt in silence is not taken for mute', async (t) => {
  const dir = t.testdir({});
  const at = { callId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', seq: 0, token: '' };
  const add = (seconds: number, value: number) => {
    for (const side of ['in', 'out'] as const)
      appendFileSync(
        join(dir, spoolName(at, side)),
        Buffer.alloc(16_000 * seconds, side === 'in' ? value : 1),
      );
  };
  for (const side of ['in', 'out'] as const) {
    const header = Buffer.alloc(44);
    header.writeUInt32LE(8000, 24);
    writeFileSync(join(dir, spoolName(at, side)), header);
  }
  let healed = 0;
  let told = false;
  const watch = createMuteWatch({
    captures: () => [
      { ...at, feed: 'bob', held: false, maskedSince: null, told, inStartedAt: 0, outStartedAt: 0 },
    ],
    size: async (name) => statSync(join(dir, name)).size,
    open: (name) => open(join(dir, name)),
    ...{ known: () => true, heal: () => healed++, cured: () => {}, leaked: () => {}, log },
  });
  add(1, 1);
  await watch.look();
  told = true;
  for (let n = 0; n < 4; n++) {
    add(3, 0);
    await watch.look();
  }
  told = false;
  add(3, 0);
  await watch.look();
  t.equal(healed, 0, 'silence counts from the end of the prompt on');
  add(3, 0);
  await watch.look();
  t.equal(healed, 1);
});
