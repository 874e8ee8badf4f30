import { readFile } from 'node:fs/promises';
import { fail } from '../domain/error.js';

const fromSource = import.meta.url.endsWith('.ts');
const page = new URL(
  fromSource ? '../../dist/web/verify/verify.html' : '../../web/verify/verify.html',
  import.meta.url,
);

/** The page that verifies a pack, which is built together with the dashboard. */
export async function readVerifier(): Promise<Buffer> {
  try {
    return await readFile(page);
  } catch (e) {
    throw fail('internal', 'The page that verifies a pack was not built: run "npm run build".', e);
  }
}
