/** The mark of Tapedeck. */
export function Reels() {
  return (
    <svg class="reels" viewBox="0 0 32 24" width="24" height="18" aria-hidden="true">
      <rect class="reels-body" x="1" y="1" width="30" height="22" rx="4" />
      <circle class="reels-hub" cx="10.5" cy="12" r="5" />
      <circle class="reels-hub" cx="21.5" cy="12" r="5" />
      <circle class="reels-eye" cx="10.5" cy="12" r="1.8" />
      <circle class="reels-eye" cx="21.5" cy="12" r="1.8" />
    </svg>
  );
}
