export const MUTANTS: string;
export type Mutant = {
  name: string;
  path: string;
  fault: string;
  breaks: string[];
  foundBy: string[];
  files: string[];
};
export function readMutant(name: string, root?: string): Mutant;
export function readMutants(root?: string): Mutant[];
