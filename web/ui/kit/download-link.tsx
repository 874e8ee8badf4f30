import type { ComponentChildren } from 'preact';
import { type CallDetail, downloadUrl } from '../state/api.js';
import { withReason } from '../state/reason.js';

type Props = { call: CallDetail; class: string; label?: string; children: ComponentChildren };

/** Leads to the recording as a file, for who may take it away; asks why first where that has to be said. */
export function DownloadLink({ call, label, children, ...rest }: Props) {
  if (!call.you.rights.includes('download') || call.you.hears === 'none') return null;
  const href = downloadUrl(call.id);
  return (
    <a
      class={rest.class}
      href={href}
      download
      aria-label={label}
      title={label}
      onClick={(event) => {
        if (!call.you.reason) return;
        event.preventDefault();
        withReason(call, 'download', () => {
          const link = document.createElement('a');
          link.href = href;
          link.download = '';
          link.click();
        });
      }}
    >
      {children}
    </a>
  );
}

/** Has the browser keep a file, as if it had been downloaded. */
export function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
