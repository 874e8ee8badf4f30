const self = "'self'";
const none = "'none'";

/** Content Security Policy: everything from here, nothing inline, in nobody's frame. */
export const contentPolicy = {
  'default-src': [self],
  'script-src': [self],
  'script-src-attr': [none],
  'style-src': [self],
  'img-src': [self, 'data:'],
  'media-src': [self, 'blob:'],
  'connect-src': [self],
  'object-src': [none],
  'base-uri': [none],
  'form-action': [self],
  'frame-ancestors': [none],
};

/** Permissions-Policy: what a page of ours never asks for. */
export const permissions = 'camera=(), microphone=(), geolocation=(), payment=(), usb=()';
