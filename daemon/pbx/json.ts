import { clean } from '../domain/call/party.js';

/** How to read what a PBX sent. It is hostile: what is missing or of another type becomes empty. */
export type Json = Record<string, unknown>;

export const obj = (v: unknown): Json =>
  typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Json) : {};
export const str = (v: unknown): string => (typeof v === 'string' ? v : '');

/**
 * Ids and channel names: the PBX makes them, but Local and Originate put dialplan text into them. Ids stand in the paths of
 * requests, where "." and ".." lead elsewhere: they are none.
 */
export const token = (v: unknown): string => clean(v, 128).replace(/^\.{1,2}$/, '');
