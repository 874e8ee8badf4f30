import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Test } from 'tap';
import { createProvider } from '../../../daemon/directory/oidc.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { startProvider } from '../peers/openid-provider.js';
import { makeDirectoryCertificates } from '../peers/slapd.js';
import { openBrowser } from './browser.js';
import { get, openDashboard, post, setUp } from './dashboard.js';

/** A browser, and what a real OpenID provider and a dashboard that knows it are made of. All ends with `t`. */
export async function providerHouse(t: Test) {
  const browser = await openBrowser(t);
  const home = mkdtempSync(join(tmpdir(), 'tapedeck-provider-'));
  t.teardown(() => rmSync(home, { recursive: true }));
  writeFileSync(join(home, 'oidc'), 'secret-of-the-client\n');
  const certificates = makeDirectoryCertificates();
  t.teardown(certificates.remove);
  let files = 0;

  /** A configuration as it is read from a file with this in it. */
  function configOf(toml = '') {
    const file = join(home, `tapedeck-${++files}.toml`);
    writeFileSync(file, toml);
    return loadConfig(file);
  }

  /** A dashboard with the built pages, at an address of its own, and a provider that knows it. */
  async function withProvider(t: Test, people: Parameters<typeof startProvider>[1]['people']) {
    /** The dashboard has to know the provider's address, and the provider the dashboard's. */
    async function openOne(issuer: string) {
      const { oidc } = configOf(
        `[oidc]\nissuer = "${issuer}"\nname = "Example Co"\nclient_id = "tapedeck"\nclient_secret_file = "oidc"\nca_file = ${JSON.stringify(certificates.ca)}\nextension_claim = "extension"\ntrusted_amr = ["mfa"]\n[[oidc.roles]]\ngroup = "recordings"\nroles = ["reviewer"]\n`,
      );
      const provider = createProvider({
        ...{ config: oidc, secret: () => 'secret-of-the-client', now: Date.now, pbxPorts: [] },
      });
      const dashboard = await openDashboard(t, {
        provider: { oidc: provider, name: oidc.name, rules: oidc.roles ?? [] },
        uiDir: browser.uiDir,
      });
      await setUp(dashboard);
      await dashboard.app.listen({ port: 0, host: '127.0.0.1' });
      const { port } = dashboard.app.server.address() as AddressInfo;
      return { oidc, provider, dashboard, port, origin: `http://localhost:${port}` };
    }
    let opened!: Awaited<ReturnType<typeof openOne>>;
    const real = await startProvider(certificates.good, {
      people,
      redirectUris: async (issuer) => {
        opened = await openOne(issuer);
        return [`${opened.origin}/api/v1/session/provider/callback`];
      },
    });
    t.teardown(real.stop);
    const { oidc, provider, dashboard, port, origin } = opened;
    const context = await browser.browser.newContext({ ignoreHTTPSErrors: true, reducedMotion: 'reduce' });
    t.teardown(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    const begin = async () => {
      const begun = await post(dashboard.app, '/session/provider', {}, { origin, host: `localhost:${port}` });
      const cookie = begun.cookies.find(({ name }) => name === 'tapedeck_journey');
      return { begun, url: begun.json().url as string, cookie: `tapedeck_journey=${cookie?.value}` };
    };
    const back = async (query: string, cookie: string) =>
      (await get(dashboard.app, `/session/provider/callback?${query}`, cookie)).headers.location;
    return { dashboard, real, provider, page, context, origin, begin, back, oidc };
  }

  return { withProvider, configOf };
}

/** Signs in and consents at the provider's own pages. */
export async function atProvider(page: Page, name: string): Promise<void> {
  await page.locator('input[name=login]').fill(name);
  await page.locator('input[name=password]').fill('anything');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).click();
}
