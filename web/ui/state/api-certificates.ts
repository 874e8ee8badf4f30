import type { Static } from 'typebox';
import type { CertificatesPage, CertificateView } from '../../certificates/schemas.js';
import { ask } from './api.js';
import { forPerson } from './opened-for.js';

export type Certificates = Static<typeof CertificatesPage>;
export type CertificateRow = Certificates['certificates'][number];
export type Certificate = Static<typeof CertificateView>;

const one = (number: number | string) => `/certificates/${encodeURIComponent(number)}`;

export const certificatesApi = {
  list: (before?: number) =>
    ask<Certificates>('GET', before === undefined ? '/certificates' : `/certificates?before=${before}`),
  get: (number: string, after?: number) =>
    ask<Certificate>('GET', after === undefined ? one(number) : `${one(number)}?after=${after}`),
  file: (number: number) => forPerson(`/api/v1${one(number)}/file`),
  pdf: (number: number) => forPerson(`/api/v1${one(number)}/pdf`),
};
