import fc from 'fast-check';
import t from 'tap';
import { lastValue, readConf, sectionOf, valuesOf } from '../../../daemon/cli/setup/conf/asterisk-conf.js';
import { hasBlock, withBlock, withoutBlock } from '../../../daemon/cli/setup/conf/block.js';
import {
  snippet,
  snippetBody,
  snippetLines,
  snippetSection,
} from '../../../daemon/cli/setup/conf/snippets.js';
import { runs } from '../../support/search/share-of-search.js';

t.test(
  'sections, templates, additions and both kinds of assignment are read as Asterisk reads them',
  async (t) => {
    const conf = readConf(
      'ari.conf',
      `; a comment with [a section] in it
[base](!)
deny = 0.0.0.0/0
[general]
enabled=no ; not now
Pretty => yes
[ops](base)
type = user
[general](+)
enabled = yes
text = one\\; two
`,
    );
    t.equal(lastValue(conf, 'general', 'enabled'), 'yes', 'the last value counts');
    t.same(valuesOf(conf, 'general', 'enabled'), ['no', 'yes']);
    t.equal(lastValue(conf, 'general', 'pretty'), 'yes', 'names in any case');
    t.equal(lastValue(conf, 'general', 'text'), 'one; two');
    t.equal(lastValue(conf, 'ops', 'deny'), '0.0.0.0/0', 'from its template');
    t.equal(sectionOf(conf, 'base'), undefined, 'a template is no section');
    t.match(sectionOf(conf, 'ops'), { file: 'ari.conf', line: 7 });
  },
);

t.test('block comments hide what is in them, also nested, and one that is left open is named', async (t) => {
  const conf = readConf(
    'x',
    'a\n[one]\n;-- hidden\n[two]\nkey = no\n;-- more --;\nkey = no\n--;\nkey = yes ;--- only a comment\nlast = 1\n',
  );
  t.same(
    conf.sections.map(({ name }) => name),
    ['one'],
  );
  t.same(valuesOf(conf, 'one', 'key'), ['yes']);
  t.equal(lastValue(conf, 'one', 'last'), '1');
  t.same(conf.unclosed, []);
  t.same(readConf('y', '[one]\n;-- open\nkey = 1\n').unclosed, ['y']);
});

t.test('files are included where the line stands, whatever its quotes, and a circle ends', async (t) => {
  const files: Record<string, string> = {
    'in.conf': 'key = included\n#include in.conf\n',
    'd/a.conf': '[ann]\n',
  };
  const open = (pattern: string) =>
    Object.keys(files)
      .filter((file) => file === pattern || (pattern === 'd/*.conf' && file.startsWith('d/')))
      .map((file) => ({ file, text: files[file]! }));
  const conf = readConf(
    'm',
    '[general]\n#include "in.conf"\n#include <d/*.conf>\n#tryinclude none.conf\n',
    open,
  );
  t.equal(lastValue(conf, 'general', 'key'), 'included');
  t.match(sectionOf(conf, 'ann'), { file: 'd/a.conf', line: 1 });
  t.same(new Set(conf.includes), new Set(['in.conf', 'd/*.conf', 'none.conf']));
});

t.test('our lines go in at the end and come out again, and nothing else of a file changes', async (t) => {
  const lines = fc.array(fc.constantFrom('[general]', 'a = b', '; text', '', '#include x', ';-- c --;'), {
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(lines, fc.boolean(), async (all, ended) => {
      const text = all.length === 0 ? '' : all.join('\n') + (ended ? '\n' : '');
      const once = withBlock(text, 'x = 1');
      t.equal(withBlock(once, 'x = 1'), once, 'once');
      t.ok(hasBlock(once) && once.startsWith(text));
      const out = withoutBlock(withBlock(once, 'x = 2\ny = 3'));
      t.ok(out === text || out === `${text}\n`, JSON.stringify([text, out]));
    }),
    { numRuns: runs(200) },
  );
  const after = `${withBlock('[a]\n', 'x = 1')}[b]\ny = 2\n`;
  t.equal(withoutBlock(after), '[a]\n[b]\ny = 2\n', 'what somebody added below it stays');
});

t.test('the marks of our lines are a comment for Asterisk and for FreePBX', async (t) => {
  const marks = withBlock('', 'x = 1').split('\n');
  for (const mark of [marks[0]!, marks[2]!]) t.match(mark, /^; [^-]/, 'and begins no block comment');
});

t.test('snippets give sections with their comments, lines by key, and take a secret', async (t) => {
  const ari = snippetSection(snippet('ari.conf'), 'tapedeck', 's3cret');
  t.match(ari, /^\[tapedeck\]\ntype = user\n/);
  t.match(ari, /\npassword = s3cret$/);
  const test = snippetSection(snippet('extensions.conf'), 'tapedeck-test');
  t.match(test, /Hangup\(\)$/, 'without what describes the next section');
  t.match(snippetSection(snippet('manager.conf'), 'tapedeck', 'x'), /^secret = x$/m);
  t.same(
    snippetLines(snippet('cdr_manager.conf'), { linkedid: null })[0]!.slice(0, 20),
    'linkedid => LinkedId',
  );
  t.match(
    snippetLines(snippet('http.conf'), { sessionlimit: '900' })[0]!,
    /^sessionlimit = 900 +; the default/,
  );
  const body = snippetBody(snippet('freepbx/manager_custom.conf'), 'x');
  t.match(body, /^\[tapedeck\]$/m);
  t.notMatch(body, /CHANGE-ME|Tapedeck: add/);
});

t.test('the users that come with Tapedeck may do nothing to a call but listen to it', async (t) => {
  for (const [name, user] of [
    ['manager.conf', 'tapedeck'],
    ['freepbx/manager_custom.conf', 'tapedeck'],
  ] as const) {
    const conf = readConf(name, snippet(name));
    t.same(valuesOf(conf, user, 'write'), [''], `${name}: AMI has no action that changes anything`);
    t.equal(lastValue(conf, user, 'read'), 'call,agent,cdr,system,user', name);
    t.same(valuesOf(conf, user, 'deny'), ['0.0.0.0/0.0.0.0', '::/0'], `${name}: from no other machine`);
    t.same(valuesOf(conf, user, 'permit'), ['127.0.0.1/255.255.255.255', '::1/128'], name);
  }
});
