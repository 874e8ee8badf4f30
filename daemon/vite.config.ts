import { defineConfig } from 'vite';

/**
 * One program for the recorder, the dashboard's server and the commands, one that makes evidence packs, and one for each thread,
 * in pieces of which each loads what it needs. What consists of hundreds of small files is built in, because finding and
 * reading them takes longer than running them; other packages stay where npm has put them.
 */
export default defineConfig({
  build: {
    ssr: true,
    outDir: '../dist/daemon',
    emptyOutDir: true,
    target: 'node20',
    sourcemap: true,
    rolldownOptions: {
      // The recorder starts the others: the first as a process, the rest as threads.
      input: {
        main: 'main.ts',
        evidence: 'app/evidence-program.ts',
        keys: 'app/keys-program.ts',
        prompts: 'encode/prompt-search-program.ts',
        checkpoint: 'catalogue/sqlite/writing/checkpoint-program.mjs',
      },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
  // The provider compiles schemas with typebox and has to have the same one.
  ssr: { noExternal: [/^typebox/, '@fastify/type-provider-typebox', /^libphonenumber-js/] },
});
