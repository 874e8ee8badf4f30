import { defineConfig } from 'vite';

/**
 * One program for the recorder, the dashboard's server and the commands, one that makes evidence packs, one that makes answers to requests, one that makes PDFs, one that makes reports, one that removes originals, and one for each thread,
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
      // The first eight are started as processes, the rest as threads.
      input: {
        main: 'main.ts',
        evidence: 'app/evidence-program.ts',
        answer: 'app/answer-program.ts',
        paper: 'app/paper-program.ts',
        archive: 'vault/store/archive-program.ts',
        report: 'app/report-program.ts',
        backup: 'app/backup/program.ts',
        upgrade: 'app/upgrade/program.ts',
        originals: 'originals/remove-program.ts',
        keys: 'app/keys-program.ts',
        prompts: 'encode/prompt-search-program.ts',
        measuring: 'encode/measuring-program.ts',
        checkpoint: 'catalogue/sqlite/writing/checkpoint-program.mjs',
      },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
  // The provider compiles schemas with typebox and has to have the same one.
  ssr: {
    noExternal: [/^typebox/, '@fastify/type-provider-typebox', /^libphonenumber-js/, /^@noble\//, 'fflate'],
  },
});
