import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { createBox, makeFolders } from '../../support/box/box.js';
import { until } from '../../support/recorder.js';
import { makeOriginals } from '../../support/recordings/originals.js';

const DAY_MS = 86_400_000;
const OLD = 4;

type Listed = {
  id: string;
  started_at: string;
  recording: { id: string; state: string } | null;
};

t.test(
  'an imported recording is kept, held, redacted and erased as any other, from the time of its call',
  async (t) => {
    const base = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    const box = createBox(base, { extra: '[retention]\nbreaker_percent = 100' });
    t.teardown(async () => {
      await box.stop();
      rmSync(base, { recursive: true, force: true });
    });
    chmodSync(base, 0o755);
    makeFolders(box.dataDir);
    const [monitor, csv] = [join(base, 'monitor'), join(base, 'Master.csv')] as const;
    const now = Date.now();
    makeOriginals(monitor, csv, { count: OLD, from: now - 100 * DAY_MS });
    makeOriginals(join(monitor, 'new'), join(base, 'new.csv'), { count: 2, from: now - DAY_MS });
    const ran = (...args: string[]): string => {
      const { status, out, err } = box.command(...args);
      t.equal(status, 0, `${args.join(' ')}: ${err}`);
      return out;
    };
    const list = (): Listed[] => JSON.parse(ran('calls', '--limit', '99', '--json'));
    const ages = (calls: Listed[]) => {
      const old = calls.filter(({ started_at: at }) => Date.parse(at) < now - 30 * DAY_MS);
      return { old, fresh: calls.filter((call) => !old.includes(call)) };
    };

    const policy = join(base, 'policy.json');
    const keepFor = (days: number): void => {
      const keep = { name: 'Calls', reason: 'Agreed.', when: {}, keep_days: days };
      writeFileSync(policy, JSON.stringify({ record: [], retention: [keep], emergency_numbers: ['112'] }));
    };
    const bring = (): string => ran('import', '--time-zone', 'UTC', '--cdr', csv, '--wait', monitor);

    await box.start('run');
    keepFor(30);
    ran('policy', 'import', policy);
    t.match(bring(), /past its retention/, 'what is due already does not come in');
    t.same(ages(list()).old, []);
    keepFor(120);
    ran('policy', 'import', policy);
    bring();
    const { old, fresh } = ages(list());
    t.equal(old.length, OLD);
    t.equal(fresh.length, 2);

    keepFor(30);
    const code = /--confirm (\S+)/.exec(
      ran('policy', 'import', policy, '--apply-to', 'all', '--dry-run'),
    )?.[1];
    ran('policy', 'import', policy, '--apply-to', 'all', '--confirm', `${code}`);
    const due = (): string[] =>
      JSON.parse(ran('retention', 'plan', '--list', '99', '--json'))
        .due.map((item: { call_id: string }) => item.call_id)
        .sort();
    const ids = old.map(({ id }) => id).sort();
    await until('the new dates', () => due().length === OLD);
    t.same(due(), ids, 'days are counted from the call, not from the import');

    const [held, redacted] = [old[0]!, fresh[0]!];
    ran('holds', 'open', 'Roof', '--reason', 'Letter of counsel', '--call', held.id);
    ran('redact', redacted.id, '--stretch', 'both:0:01-0:02', '--reason', 'A card number');
    ran('retention', 'run');
    const after = new Map(list().map((call) => [call.id, call.recording]));
    t.equal(after.get(held.id)?.state, 'sealed', 'what is held stays');
    for (const { id } of old.slice(1)) t.equal(after.get(id)?.state, 'erased', id);
    for (const { id } of fresh) t.equal(after.get(id)?.state, 'sealed', id);
    t.not(after.get(redacted.id)?.id, redacted.recording?.id, 'another version stands for it');
    const refused = box.command('erase', held.id, '--reason', 'x', '--confirm', 'erase 1');
    t.equal(refused.status, 1);
    t.match(refused.out, /Protected/);
    ran('erase', redacted.id, '--reason', 'Asked for', '--confirm', 'erase 1');

    const again = ran('import', '--time-zone', 'UTC', '--cdr', csv, '--wait', monitor);
    t.match(again, /already/, 'and no import brings back what was erased');
    const last = list();
    t.equal(last.length, OLD + 2);
    t.equal(last.filter(({ recording }) => recording?.state === 'sealed').length, 2);
    const files = readdirSync(join(box.dataDir, 'recordings'), { recursive: true, withFileTypes: true });
    t.equal(files.filter((entry) => entry.isFile()).length, 2, 'no other file is left');
    ran('verify', '--all');
  },
);
