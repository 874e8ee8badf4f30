import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import preact from '@preact/preset-vite';
import { defineConfig, type Plugin } from 'vite';
import { compressed } from './compressed.js';
import { servedPackages } from './served-packages.js';

/** `light-dark()` and container queries are used as they are, so older engines are not a target. */
const browsers = ['chrome123', 'firefox121', 'safari17.5'];

/**
 * What is loaded before the list of calls is there, except for the messages and what is known of phone numbers: main, the list,
 * and all that these import. It is one file, since many small ones take longer; browsers read the three side by side. Every
 * other page is loaded when it is opened.
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

/**
 * Has what the first script asks for fetched beside it, after the script itself, which takes longest to read. There is one
 * language so far.
 */
const besideTheFirst: Plugin = {
  name: 'beside-the-first',
  transformIndexHtml: {
    order: 'post',
    handler(html, { bundle = {} }) {
      const chunkOf = (wanted: string) => {
        const chunk = Object.values(bundle).find(({ name }) => name === wanted);
        if (chunk?.type !== 'chunk') throw new Error(`There is no script of the ${wanted}.`);
        return chunk;
      };
      const [numbers, messages] = [chunkOf('numbers').fileName, chunkOf('messages')];
      const rest = html.replace(/^.*<script .*src="\/assets\/numbers-.*\n/m, '');
      return {
        html: rest,
        tags: [numbers, messages.fileName, ...messages.imports]
          .filter((file) => !rest.includes(file))
          .map((file) => ({
            ...{ tag: 'link', injectTo: 'head' as const },
            attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file}` },
          })),
      };
    },
  },
};

/** What is known of the world's phone numbers is large, and browsers read it faster as JSON than as a script. */
const numbersAsJson: Plugin = {
  name: 'numbers-as-json',
  transform: {
    filter: { id: /libphonenumber-js.metadata\.min\.json\.js$/ },
    handler(_code, id) {
      const json = readFileSync(id.replace(/\.js$/, ''), 'utf8');
      return {
        code: `export default JSON.parse(${JSON.stringify(JSON.stringify(JSON.parse(json)))})`,
        map: null,
      };
    },
  },
};

export default defineConfig({
  plugins: [
    preact(),
    numbersAsJson,
    servedPackages(join(import.meta.dirname, '../../dist/web/served/ui.json')),
    besideTheFirst,
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
            { name: 'numbers', test: /libphonenumber-js/ },
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
