import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vitepress';
import { checkLinks } from './check.js';
import { stageSite } from './stage.js';

/**
 * Builds the site into dist/docs, beside each page its Markdown, and returns its dead links. Throws if a page has something inline
 * that the dashboard's content security policy forbids.
 */
export async function buildSite(root: string): Promise<string[]> {
  const pages = join(root, '.docs/pages');
  const out = join(root, 'dist/docs');
  rmSync(out, { recursive: true, force: true });
  stageSite(root, pages);
  await build(join(root, 'docs'));
  for (const file of readdirSync(out, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.html')) {
      const path = join(out, file);
      writeFileSync(path, withoutInline(readFileSync(path, 'utf8'), out, file));
    }
  cpSync(pages, out, {
    recursive: true,
    filter: (from) => !/\/(public|pictures)(\/|$)/.test(from.slice(pages.length)),
  });
  return checkLinks(out);
}

/** Moves inline scripts of a page into files named after their content. */
function withoutInline(html: string, out: string, file: string): string {
  const page = html
    .replace(/<script([^>]*)>([^<]+)<\/script>/g, (_, attributes: string, code: string) => {
      const name = `assets/inline.${createHash('sha256').update(code).digest('hex').slice(0, 10)}.js`;
      writeFileSync(join(out, name), code);
      return `<script${attributes} src="/help/${name}"></script>`;
    })
    .replaceAll(' style="position:relative;"', '')
    .replaceAll(' style="--vp-vh:0px;"', '');
  const inline = /<[^>]+\s(?:style|on[a-z]+)=|<style\b|<script(?![^>]*\ssrc=)[^>]*>/.exec(page);
  if (inline)
    throw new Error(`${file} has something inline: ${page.slice(inline.index, inline.index + 160)}`);
  return page;
}
