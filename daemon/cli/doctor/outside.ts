import { createLdap, type LdapStep } from '../../directory/ldap.js';
import { createProvider } from '../../directory/oidc.js';
import { createReportPost } from '../../notify/channels.js';
import type { Config } from '../../ops/config-schema.js';
import { readSecret } from '../../ops/secrets/secret.js';
import { pbxPorts } from '../../ops/targets.js';
import { bad, type Finding, ok } from './finding.js';

const todo: Record<LdapStep['what'], string> = {
  connection:
    'Check [ldap] url, ca_file, bind_dn and bind_password_file; the name in url has to be one in the certificate.',
  bind: 'Correct [ldap] bind_dn or the file with its password.',
  base: 'Correct [ldap] base or user_filter, or let bind_dn read there.',
  group: 'Correct its name in [[ldap.roles]], or let bind_dn read it.',
};

/** Whether people of the directory can sign in: the connection, the bind, the search, and each group. */
export async function directory({ ldap }: Config): Promise<Finding[]> {
  if (!ldap.url) return [];
  const password = () => readSecret(ldap.bind_password_file, 'ldap-password');
  const steps = await createLdap({ config: ldap, password, now: Date.now }).probe();
  const says: Record<LdapStep['what'], string> = {
    connection: 'answers over TLS, with a certificate that is in order.',
    bind: 'may search.',
    base: 'has people.',
    group: 'is there.',
  };
  return steps.map(({ what, name, problem }) => {
    const check = `directory (${what})`;
    return problem === ''
      ? ok(check, `${name} ${says[what]}`)
      : bad(check, `${name}: ${problem}`, todo[what]);
  });
}

/** Whether the OpenID provider answers. */
export async function provider(config: Config): Promise<Finding[]> {
  const { oidc } = config;
  if (!oidc.issuer) return [];
  const secret = () => readSecret(oidc.client_secret_file, 'oidc-secret');
  const issuer = await createProvider({
    ...{ config: oidc, secret, now: Date.now },
    pbxPorts: pbxPorts(config),
  }).probe();
  return [ok('provider', `${issuer} answers.`)];
}

/** Whether the mail server of [alerts] takes mails. Throws `alert_undelivered`. */
export async function mailServer(config: Config): Promise<Finding[]> {
  const post = createReportPost(config);
  if (post === null) return [];
  await post.ready();
  return [ok('mail server', `${config.alerts.smtp_host} takes mails from Tapedeck.`)];
}
