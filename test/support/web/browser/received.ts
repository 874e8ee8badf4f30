import type { Page } from 'playwright-core';

export type Received = { path: string; kind: string; encoding: string; bytes: number; status: number };

/**
 * Follows what a page really receives, as Chromium counts it: bytes on the line with their headers, after compression. Call
 * before the page is opened; what it returns grows with each answer that has ended.
 */
export async function countReceived(page: Page): Promise<Received[]> {
  const devtools = await page.context().newCDPSession(page);
  const begun = new Map<string, Omit<Received, 'bytes'>>();
  const received: Received[] = [];
  devtools.on('Network.responseReceived', ({ requestId, type, response }) => {
    const { pathname } = new URL(response.url);
    const encoding = Object.entries(response.headers).find(([n]) => n.toLowerCase() === 'content-encoding');
    begun.set(requestId, {
      ...{ path: pathname, kind: type, status: response.status },
      encoding: encoding?.[1] ?? '',
    });
  });
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const about = begun.get(requestId);
    if (about) received.push({ ...about, bytes: encodedDataLength });
  });
  await devtools.send('Network.enable');
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
  return received;
}

/** The bytes of scripts and styles among these. */
export const codeBytes = (received: readonly Received[]): number =>
  received
    .filter(({ kind }) => kind === 'Script' || kind === 'Stylesheet')
    .reduce((sum, { bytes }) => sum + bytes, 0);
