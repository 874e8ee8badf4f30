import { join } from 'node:path';
import preact from '@preact/preset-vite';
import { defineConfig, type Plugin } from 'vite';
import { compressed } from './compressed.js';
import { servedPackages } from './served-packages.js';

/** `light-dark()` and container queries are used as they are, so older engines are not a target. */
const browsers = ['chrome123', 'firefox121', 'safari17.5'];

/**
 * What is loaded before the list of calls is there, except for the messages: main, the list, and all that these import. It is
 * one file, since many small ones take longer. Every other page is loaded when it is opened.
 */
const FIRST = ['main.tsx', 'calls/calls.tsx'].map((file) => join(import.meta.dirname, file));

type Imports = (id: string) => { importedIds: readonly string[] } | null;

function firstModules(imports: Imports): Set<string> {
  const found = new Set<string>();
  const add = (id: string) => {
    if (found.has(id)) return;
    found.add(id);
    imports(id)?.importedIds.forEach(add);
  };
  FIRST.forEach(add);
  return found;
}

/** Has the messages fetched beside the script that asks for them. There is one language so far. */
const messagesAtOnce: Plugin = {
  name: 'messages-at-once',
  transformIndexHtml: {
    order: 'post',
    handler(html, { bundle = {} }) {
      const chunk = Object.values(bundle).find(({ name }) => name === 'messages');
      if (chunk?.type !== 'chunk') return [];
      return [chunk.fileName, ...chunk.imports]
        .filter((file) => !html.includes(file))
        .map((file) => ({
          ...{ tag: 'link', injectTo: 'head' as const },
          attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file}` },
        }));
    },
  },
};

export default defineConfig({
  plugins: [
    preact(),
    servedPackages(join(import.meta.dirname, '../../dist/web/served/ui.json')),
    messagesAtOnce,
    compressed(),
  ],
  build: {
    outDir: '../../dist/web/ui',
    emptyOutDir: true,
    target: browsers,
    cssTarget: browsers,
    // Pages are served with default-src 'self': nothing may be inlined into the document.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      checks: { pluginTimings: false },
      output: {
        codeSplitting: {
          groups: [
            {
              debugName: 'desk',
              name: (id, graph) =>
                firstModules((module) => graph.getModuleInfo(module)).has(id) ? 'desk' : null,
            },
          ],
        },
      },
    },
  },
});
