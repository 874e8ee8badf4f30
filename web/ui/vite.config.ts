import { join } from 'node:path';
import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';
import { servedPackages } from './served-packages.js';

/** `light-dark()` and container queries are used as they are, so older engines are not a target. */
const browsers = ['chrome123', 'firefox121', 'safari17.5'];

export default defineConfig({
  plugins: [preact(), servedPackages(join(import.meta.dirname, '../../dist/web/served/ui.json'))],
  build: {
    outDir: '../../dist/web/ui',
    emptyOutDir: true,
    target: browsers,
    cssTarget: browsers,
    // Pages are served with default-src 'self': nothing may be inlined into the document.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
