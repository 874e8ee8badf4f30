export function findMirror(options?: { aptDir?: string; override?: string }): {
  uri: string;
  keyring?: string;
};
