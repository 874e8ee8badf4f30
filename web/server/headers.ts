import type { FastifyHelmetOptions } from '@fastify/helmet';

const self = "'self'";
const none = "'none'";

/** Content Security Policy: everything from here, nothing inline, in nobody's frame. */
export const contentPolicy = {
  'default-src': [none],
  'script-src': [self],
  'script-src-attr': [none],
  'style-src': [self],
  'style-src-attr': [none],
  'font-src': [self],
  'img-src': [self, 'data:'],
  'media-src': [self, 'blob:'],
  'connect-src': [self],
  'manifest-src': [self],
  'object-src': [none],
  'frame-src': [none],
  'worker-src': [none],
  'base-uri': [none],
  'form-action': [self],
  'frame-ancestors': [none],
};

/** Permissions-Policy: what a page of ours never asks for. Passkeys it does. */
const permissions = [
  'accelerometer=()',
  'camera=()',
  'display-capture=()',
  'geolocation=()',
  'gyroscope=()',
  'hid=()',
  'magnetometer=()',
  'microphone=()',
  'midi=()',
  'payment=()',
  'publickey-credentials-create=(self)',
  'publickey-credentials-get=(self)',
  'screen-wake-lock=()',
  'serial=()',
  'usb=()',
].join(', ');

/** What every answer says, whoever asked. A route that is public may say that it can be kept. */
export const always = { 'permissions-policy': permissions, 'cache-control': 'no-store' };

const YEAR_S = 31_536_000;

/** For answers that are made before there is a request: nothing of them is a page. */
export const bare = (tls: boolean): Record<string, string> => ({
  ...always,
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  ...(tls ? { 'strict-transport-security': `max-age=${YEAR_S}` } : {}),
});

/** The rest of it. Some say something only over TLS, and browsers complain about them without. */
export const helmetOptions = (tls: boolean): FastifyHelmetOptions => ({
  contentSecurityPolicy: { useDefaults: false, directives: contentPolicy },
  // Not for names below ours, which are somebody else's.
  strictTransportSecurity: tls ? { maxAge: YEAR_S, includeSubDomains: false } : false,
  crossOriginOpenerPolicy: tls ? { policy: 'same-origin' } : false,
  crossOriginResourcePolicy: { policy: 'same-origin' },
  originAgentCluster: tls,
  referrerPolicy: { policy: 'same-origin' },
  frameguard: { action: 'deny' },
});
