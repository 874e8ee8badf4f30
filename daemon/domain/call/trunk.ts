/**
 * Whether a dialplan context is one of lines to the outside. A pattern that ends with "*" stands for every context that
 * begins so: FreePBX gives each chan_sip and IAX2 trunk a context of its own, "from-trunk-sip-NAME".
 */
export function isTrunkContext(patterns: readonly string[], context: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? context.startsWith(pattern.slice(0, -1)) : context === pattern,
  );
}
