/** What a tab tells the others of this browser: somebody came in, is about to go, or has gone. */
type Said = { what: 'entered' | 'leaving' | 'left'; id: string };

const channel = 'BroadcastChannel' in window ? new BroadcastChannel('tapedeck') : null;

export const tellTabs = (what: Said['what'], id: string): void =>
  channel?.postMessage({ what, id } satisfies Said);

export function listenToTabs(hear: (said: Said) => void): void {
  channel?.addEventListener('message', ({ data }: MessageEvent<Said>) => hear(data));
}
