import t from 'tap';
import { placeFrom, placeValues } from '../../../daemon/cli/backup/place-options.js';
import { withValues } from '../../../daemon/cli/setup/conf/toml.js';
import { reachedBy } from '../../../daemon/cli/setup/machine/reached.js';
import { needsOf, type Outside, planOutside } from '../../../daemon/cli/setup/plan/plan-outside.js';
import { parseConfig } from '../../../daemon/ops/config.js';

const RECIPIENT = 'age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z';
const S3 = {
  ...{ s3Endpoint: 'https://s3.example.com', s3Bucket: 'tapedeck', s3AccessKeyId: 'AKIA' },
  s3SecretKeyFile: '/etc/tapedeck/backup-s3-key',
};
const own = { dropIns: {}, root: { uid: 0, gid: 0 }, systemd: '/etc/systemd/system' };
const linesOf = (text: string, section: Outside, hasFile: boolean, addresses: [string, string[]][] = []) => {
  const reached = { addresses: new Map(addresses), hasFile: () => hasFile };
  const [change] = planOutside(own, parseConfig(text, '/etc/tapedeck/tapedeck.toml'), section, reached);
  return change?.after.split('\n').slice(1, -1) ?? null;
};

t.test('the drop-in has what a section needs, and nothing where it needs nothing', async (t) => {
  t.equal(linesOf('', 'backup', true), null);
  t.equal(linesOf('', 'alerts', true), null);
  const place = withValues('', [['backup', 'recipient', RECIPIENT], ...placeValues(S3)]);
  const there = [['s3.example.com', ['192.0.2.20', '127.0.0.53']]] satisfies [string, string[]][];
  t.same(linesOf(place, 'backup', true, there), [
    '[Service]',
    'LoadCredential=backup-s3-key:/etc/tapedeck/backup-s3-key',
    'IPAddressAllow=192.0.2.20',
  ]);
  t.same(
    linesOf(place, 'backup', false, there),
    ['[Service]', 'IPAddressAllow=192.0.2.20'],
    'with a secret that is not there the recorder would not start',
  );
  const folders = `[backup]\npath = "/mnt/my nas"\nkey_path = "/mnt/50%"\nrecipient = "${RECIPIENT}"\n`;
  t.same(linesOf(folders, 'backup', true), ['[Service]', 'ReadWritePaths="-/mnt/my nas" -/mnt/50%%']);
  const alerts =
    '[alerts]\nwebhook_url = "https://[2001:db8::7]/hook"\nwebhook_secret_file = "/etc/tapedeck/webhook-secret"\n';
  t.same(linesOf(alerts, 'alerts', true, [['2001:db8::7', ['2001:db8::7']]]), [
    '[Service]',
    'LoadCredential=webhook-secret:/etc/tapedeck/webhook-secret',
    'IPAddressAllow=2001:db8::7',
  ]);
});

t.test('an address needs no name server, and this machine no line', async (t) => {
  const config = parseConfig('[alerts]\nsmtp_host = "192.0.2.25"\n', '/x');
  t.same([...(await reachedBy(config, 'alerts')).addresses], [['192.0.2.25', ['192.0.2.25']]]);
  const here = parseConfig('[alerts]\nsmtp_host = "localhost"\n', '/x');
  t.same(needsOf(here, 'alerts').hosts, ['localhost']);
  const addresses = (await reachedBy(here, 'alerts')).addresses.get('localhost')!;
  t.ok(addresses.includes('127.0.0.1') || addresses.includes('::1'), addresses.join(' '));
});

t.test('a store that is named on the command line is one of the configuration', async (t) => {
  t.match(placeFrom(S3, RECIPIENT).s3, {
    ...{ endpoint: 'https://s3.example.com', bucket: 'tapedeck', region: 'us-east-1' },
    secret_key_file: '/etc/tapedeck/backup-s3-key',
  });
  t.throws(() => placeFrom({ s3Endpoint: 'https://s3.example.com' }, RECIPIENT), {
    code: 'request_invalid',
    detail: /"backup\.s3\.bucket" is needed too[\s\S]*access_key_id/,
  });
  t.throws(() => placeFrom({ ...S3, sftpHost: 'nas' }, RECIPIENT), { code: 'request_invalid' });
});
