import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { servedPackages } from '../../web/ui/served-packages.js';
import { sidebar } from './sidebar.js';

const root = join(import.meta.dirname, '../..');
const browsers = ['chrome123', 'firefox121', 'safari17.5'];
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** An option is not broken after its dashes. */
const unbroken = (line: string): string =>
  line.replace(/(?<=^|\s)--?[a-z][\w-]*/g, '<span class="option">$&</span>');

/** Whether code is set in columns, which wrapped lines would break. */
const hasColumns = (code: string): boolean => (code.match(/\S {2,}\S/g) ?? []).length > 2;

/**
 * Help, as the dashboard serves it at /help/. It asks nothing of any other machine and works under the dashboard's content
 * security policy: no inline script and no style attribute, which is also why code is not coloured.
 */
export default defineConfig({
  title: 'Tapedeck Help',
  titleTemplate: ':title · Tapedeck Help',
  description: 'How to install, use and operate Tapedeck.',
  lang: 'en',
  base: '/help/',
  // Staged by scripts/docs/stage.ts.
  srcDir: '../.docs/pages',
  outDir: '../dist/docs',
  cacheDir: '../.docs/cache',
  metaChunk: true,
  ignoreDeadLinks: true, // scripts/docs/check.ts names them all, with anchors
  // To disable transitions, the switch between light and dark would write a style element.
  appearance: { disableTransition: false },
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/help/icon.svg' }]],
  markdown: {
    highlight: (code) =>
      `<pre class="shiki${hasColumns(code) ? '' : ' wrapped'}" v-pre><code>${code
        .trimEnd()
        .split('\n')
        .map((line) => `<span class="line">${unbroken(escaped(line))}</span>`)
        .join('\n')}</code></pre>`,
    config: (md) => {
      // Columns are aligned by class, not by a style attribute.
      md.core.ruler.push('aligned-by-class', ({ tokens }) => {
        for (const token of tokens) {
          const side = /^text-align:(\w+)/.exec(token.attrGet('style') ?? '')?.[1];
          if (side !== undefined) token.attrs = [['class', `align-${side}`]];
        }
      });
      md.renderer.rules.code_block = (tokens, at, options, env, self) => {
        tokens[at]!.info = 'text';
        return md.renderer.rules.fence!(tokens, at, options, env, self);
      };
    },
  },
  themeConfig: {
    siteTitle: 'Tapedeck Help',
    logo: { src: '/icon.svg', alt: '' },
    sidebar: sidebar.map(({ text, pages }) => ({
      text,
      collapsed: false,
      items: pages.map(([label, page]) => ({ text: label, link: `/${page.replace(/(^|\/)index$/, '$1')}` })),
    })),
    outline: { level: [2, 3], label: 'On this page' },
    search: { provider: 'local' },
    docFooter: { prev: 'Previous', next: 'Next' },
  },
  vite: {
    // What browsers are served, not what renders the pages here.
    plugins: [
      {
        ...(servedPackages(join(root, 'dist/web/served/docs.json')) as object),
        name: 'served-packages',
        apply: (_config, { isSsrBuild }) => !isSsrBuild,
      },
    ],
    build: { assetsInlineLimit: 0, target: browsers, cssTarget: browsers, chunkSizeWarningLimit: 2_000 },
    logLevel: 'warn',
  },
});
