import type { Config } from '../ops/config-schema.js';
import { readSecret } from '../ops/secrets/secret.js';
import { pbxPorts } from '../ops/targets.js';
import { tlsMode } from '../ops/tls-mode.js';
import type { Channel, Origin } from './channel.js';
import { createCheckpointFile } from './checkpoint-file.js';
import { createMail, createPost, type MailSettings, type Post, type PostSettings } from './mail.js';
import { createSyslog } from './syslog.js';
import { createWebhook, type WebhookSettings } from './webhook.js';

const DAY_MS = 86_400_000;
const SYSLOG_PORT = 6514;

/** The channels that [alerts] sets up; none when it is empty. */
export function createChannels(config: Config): Channel[] {
  const { alerts } = config;
  const channels: Channel[] = [];
  if (alerts.mail_to.length > 0) channels.push(createMail(mail(config, alerts.mail_to), originOf(config)));
  if (alerts.webhook_url)
    channels.push(
      createWebhook(
        webhook(config, alerts.webhook_url, () => readSecret(alerts.webhook_secret_file, 'webhook-secret')),
        originOf(config),
      ),
    );
  return channels;
}

/** Where [audit] has checkpoints kept outside of this machine; none when it says nothing of it. */
export function createCheckpointChannels(config: Config): Channel[] {
  const { audit } = config;
  const channels: Channel[] = [];
  if (audit.checkpoint_file) channels.push(createCheckpointFile(audit.checkpoint_file, 'checkpoint file'));
  if (audit.checkpoint_syslog) {
    const { hostname: host, port } = new URL(`tls://${audit.checkpoint_syslog}`);
    channels.push(
      createSyslog(
        {
          host: host.replace(/^\[|\]$/g, ''),
          port: Number(port || SYSLOG_PORT),
          caFile: audit.checkpoint_syslog_ca_file,
        },
        'checkpoint syslog',
      ),
    );
  }
  if (audit.checkpoint_mail_to.length > 0)
    channels.push({
      ...createMail(mail(config, audit.checkpoint_mail_to), originOf(config), 'checkpoint mail'),
      everyMs: DAY_MS,
    });
  if (audit.checkpoint_webhook_url)
    channels.push(
      createWebhook(
        webhook(config, audit.checkpoint_webhook_url, () =>
          readSecret(audit.checkpoint_webhook_secret_file, 'checkpoint-webhook-secret'),
        ),
        originOf(config),
        'checkpoint webhook',
      ),
    );
  return channels;
}

/** The mail server of [alerts], for mails to anybody; null where there is none. */
export const createReportPost = (config: Config): Post | null =>
  config.alerts.smtp_host && config.alerts.mail_from ? createPost(server(config)) : null;

const mail = (config: Config, to: readonly string[]): MailSettings => ({ ...server(config), to });

const server = ({ alerts: a }: Config): PostSettings => ({
  from: a.mail_from,
  host: a.smtp_host,
  port: a.smtp_port,
  tls: a.smtp_tls,
  user: a.smtp_user,
  password: () => readSecret(a.smtp_password_file, 'smtp-password'),
  caFile: a.smtp_ca_file,
});

const webhook = (config: Config, url: string, secret: () => string): WebhookSettings => ({
  url,
  secret,
  pbxPorts: pbxPorts(config),
  anywhere: config.alerts.webhook_anywhere,
});

const originOf = (config: Config): Origin => ({
  site: config.site.name,
  timeZone: config.site.time_zone,
  healthUrl: `${dashboardUrl(config)}/health`,
});

/** Under which address people open the dashboard. */
export function dashboardUrl({ alerts, web }: Config): string {
  const host = web.hosts[0] ?? web.address;
  const scheme = tlsMode(web) === 'off' ? 'http' : 'https';
  const base = alerts.dashboard_url || `${scheme}://${host.includes(':') ? `[${host}]` : host}:${web.port}`;
  return base.replace(/\/+$/, '');
}
