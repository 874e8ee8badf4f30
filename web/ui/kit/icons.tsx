import type { ComponentChildren } from 'preact';

/** One set of line icons on a 16 px grid; they take the colour of the text and are never the only sign. */
function icon(children: ComponentChildren, label: string) {
  return function Icon({ class: extra = '' }: { class?: string }) {
    return (
      <svg
        class={`icon ${extra}`}
        data-icon={label}
        viewBox="0 0 16 16"
        width="16"
        height="16"
        aria-hidden="true"
      >
        {children}
      </svg>
    );
  };
}

export const MenuIcon = icon(<path d="M2 4h12M2 8h12M2 12h12" />, 'menu');
export const InIcon = icon(<path d="M13 3 4 12M4 5.5V12h6.5" />, 'in');
export const OutIcon = icon(<path d="m3 13 9-9M5.5 4H12v6.5" />, 'out');
export const InternalIcon = icon(<path d="M2 6h11M10 3l3 3M14 10H3M6 13l-3-3" />, 'internal');
export const SearchIcon = icon(<path d="M10.5 10.5 14 14M12 7A5 5 0 1 1 2 7a5 5 0 0 1 10 0Z" />, 'search');
export const CrossIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />, 'cross');
export const TickIcon = icon(<path d="m3 8.5 3.5 3.5L13 4.5" />, 'tick');
export const PartIcon = icon(<path d="M8 2a6 6 0 1 0 6 6M8 2v6h6" />, 'part');
export const NoIcon = icon(<path d="M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM4 12l8-8" />, 'no');
export const AlarmIcon = icon(<path d="M8 2 1.5 13.5h13L8 2ZM8 6.5v3.5M8 11.8v.4" />, 'alarm');
export const WaitIcon = icon(<path d="M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM8 4.5V8l2.5 1.5" />, 'wait');
export const GoneIcon = icon(<path d="M2.5 4.5h11M6 4.5V3h4v1.5M4 4.5 4.8 13.5h6.4L12 4.5" />, 'gone');
export const ImportIcon = icon(<path d="M8 2v7.5M5 6.5l3 3 3-3M2.5 10v3.5h11V10" />, 'import');
export const MissedIcon = icon(<path d="m3 5 5 5 5-5M3 5h3.5M3 5v3.5" />, 'missed');
export const LiveIcon = icon(<circle class="solid" cx="8" cy="8" r="4" />, 'live');
export const PlayIcon = icon(<path class="solid" d="M4.5 2.5v11l9-5.5Z" />, 'play');
export const PauseIcon = icon(<path class="solid" d="M4 3h3v10H4zM9 3h3v10H9z" />, 'pause');
export const BackIcon = icon(<path d="M3 3v4h4M3.3 7A5.5 5.5 0 1 1 3 10" />, 'back');
export const ForwardIcon = icon(<path d="M13 3v4H9M12.7 7A5.5 5.5 0 1 0 13 10" />, 'forward');
export const VolumeIcon = icon(
  <path d="M2 6h2.5L8 3v10l-3.5-3H2zM10.5 5.5a3.5 3.5 0 0 1 0 5M12.5 3.5a6.4 6.4 0 0 1 0 9" />,
  'volume',
);
export const DownloadIcon = icon(<path d="M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11" />, 'download');
export const LeftIcon = icon(<path d="M10 3 5 8l5 5" />, 'left');
export const UpIcon = icon(<path d="m3.5 9.5 4.5-4.5 4.5 4.5" />, 'up');
export const DownIcon = icon(<path d="M3.5 6.5 8 11l4.5-4.5" />, 'down');
export const PlusIcon = icon(<path d="M8 3v10M3 8h10" />, 'plus');
export const EditIcon = icon(<path d="m3 13 .5-3L11 2.5l2.5 2.5L6 12.5 3 13Z" />, 'edit');
export const PersonIcon = icon(
  <path d="M10.5 5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0ZM3 14c0-3 2-4.5 5-4.5s5 1.5 5 4.5" />,
  'person',
);
