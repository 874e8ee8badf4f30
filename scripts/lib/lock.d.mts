export function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options?: { timeoutMs?: number; waiting?: (pid: string) => void },
): Promise<T>;
