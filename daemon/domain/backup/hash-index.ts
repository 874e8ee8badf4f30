const HASH_BYTES = 32;

/**
 * SHA-256 hashes in hex, each with a number that is not negative. It takes 40 to 80 bytes for each, where a Map takes three times as
 * much: what a place for backups has of a million recordings is known at once.
 */
export function createHashIndex() {
  let capacity = 0;
  let used = 0;
  let hashes = Buffer.alloc(0);
  let values = new Float64Array(0);

  /** The slot of a hash, or the free one that it would get. Hashes are as good as random: their first bytes say where to look. */
  function slotOf(hash: Buffer): number {
    for (let slot = hash.readUInt32LE(0) % capacity; ; slot = (slot + 1) % capacity) {
      const at = slot * HASH_BYTES;
      if (values[slot]! < 0 || hash.compare(hashes, at, at + HASH_BYTES) === 0) return slot;
    }
  }
  function grow(): void {
    const before = { capacity, hashes, values };
    capacity = Math.max(1_024, capacity * 2);
    hashes = Buffer.alloc(capacity * HASH_BYTES);
    values = new Float64Array(capacity).fill(-1);
    for (let slot = 0; slot < before.capacity; slot++)
      if (before.values[slot]! >= 0)
        put(before.hashes.subarray(slot * HASH_BYTES, (slot + 1) * HASH_BYTES), before.values[slot]!);
  }
  function put(hash: Buffer, value: number): void {
    const slot = slotOf(hash);
    hash.copy(hashes, slot * HASH_BYTES);
    values[slot] = value;
  }

  return {
    set(sha256: string, value: number): void {
      if (used >= capacity * 0.7) grow();
      const hash = Buffer.from(sha256, 'hex');
      if (values[slotOf(hash)]! < 0) used += 1;
      put(hash, value);
    },
    /** Null for a hash that is not in it. */
    get(sha256: string): number | null {
      if (capacity === 0) return null;
      const value = values[slotOf(Buffer.from(sha256, 'hex'))]!;
      return value < 0 ? null : value;
    },
  };
}
export type HashIndex = ReturnType<typeof createHashIndex>;
