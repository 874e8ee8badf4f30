export type Sources = Map<string, { text: string; imports: string[] }>;
export function readSources(root?: string): Sources;
export function importedBy(entries: readonly string[], sources: Sources): Set<string>;
export function reachedBy(changedFiles: readonly string[], sources?: Sources): string[];
