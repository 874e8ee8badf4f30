/** Keeps the package for S3 from saying on stderr which versions of Node.js its later versions will need: ours is pinned. */
export function hushPackages(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
}
