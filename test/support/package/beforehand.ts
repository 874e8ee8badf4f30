// Makes what packages are built with and tried on, where this machine has none of it yet: `node --import tsx` runs it before the
// tests that need it. The first time takes minutes, which are set-up and no part of what tests cost. What cannot be made here is
// said by the tests themselves.
import { productionModules } from '../../../scripts/lib/package/modules.js';
import { compile } from '../../../scripts/lib/package/native.js';
import { makeRoot } from '../booted/root.js';
import { builtPackage } from './built.js';
import { olderPackage } from './older.js';

async function packages(): Promise<void> {
  await builtPackage();
  await olderPackage();
  const { sources } = await productionModules('arm64');
  await compile('arm64', sources);
}

async function systems(): Promise<void> {
  for (const suite of ['trixie', 'bookworm'] as const) await makeRoot(suite);
}

for (const ended of await Promise.allSettled([packages(), systems()]))
  if (ended.status === 'rejected') console.error(`== ${(ended.reason as Error).message.split('\n')[0]}`);
