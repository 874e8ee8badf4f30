import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { servedPackages } from '../served-packages.js';

const here = import.meta.dirname;
const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Puts everything into one page, which may run this script and this style and reach nothing else; its hash lies beside it. */
const onePage: Plugin = {
  name: 'one-page',
  enforce: 'post',
  generateBundle(_options, bundle) {
    const [chunk, ...more] = Object.values(bundle);
    if (chunk?.type !== 'chunk' || more.length > 0) throw new Error('There is more than one script.');
    const script = chunk.code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
    const style = readFileSync(join(here, 'page.css'), 'utf8');
    const policy = [
      "default-src 'none'",
      `script-src ${digest(script)}`,
      `style-src ${digest(style)}`,
      'media-src blob:',
      "base-uri 'none'",
      "form-action 'none'",
    ].join('; ');
    const page = readFileSync(join(here, 'page.html'), 'utf8');
    delete bundle[chunk.fileName];
    const source = page
      .replace('POLICY', () => policy)
      .replace('/*STYLE*/', () => style)
      .replace('/*SCRIPT*/', () => script);
    const sum = createHash('sha256').update(source).digest('hex');
    this.emitFile({ type: 'asset', fileName: 'verify.html', source });
    this.emitFile({ type: 'asset', fileName: 'verify.html.sha256', source: `${sum}  verify.html\n` });
  },
};

export default defineConfig({
  plugins: [onePage, servedPackages(join(here, '../../../dist/web/served/verify.json'))],
  build: {
    outDir: '../../../dist/web/verify',
    emptyOutDir: true,
    target: ['chrome123', 'firefox121', 'safari17.5'],
    modulePreload: { polyfill: false },
    rollupOptions: { input: join(here, 'main.ts'), output: { format: 'iife' } },
  },
});
