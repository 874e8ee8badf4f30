export type Mutant = {
  name: string;
  path: string;
  fault: string;
  breaks: string[];
  foundBy: string[];
  files: string[];
};
export function readMutants(root?: string): Mutant[];
