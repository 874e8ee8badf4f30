import type { Command } from 'commander';
import type { User } from '../catalogue/people.js';
import { iso, isoOrNull, startOfDay } from '../domain/days.js';
import { fail } from '../domain/error.js';
import { FOUNDER, type Rights } from '../domain/people/person.js';
import { checkPassword, hashPassword } from '../ops/secrets/password.js';
import { day } from './common/arguments.js';
import { newPassword } from './common/ask.js';
import type { CliContext } from './common/context.js';
import { onConsole } from './common/entries.js';
import { notSetUp } from './common/pbxes.js';
import { table, timesIn } from './common/table.js';
import { listed, nameOf, type RightsOptions, reaches, rightsBy } from './common/user-rights.js';

type FactorOptions = { reset?: boolean; remove?: string; since?: string };

const NOBODY: Rights = {
  roles: [],
  scope: { all: false, extensions: [], queues: [], dids: [] },
  extensions: [],
  grants: [],
};

/** `tapedeck user`: who may sign in to the dashboard, and what each may do. The way back in, too. */
export function user(program: Command, ctx: CliContext): void {
  const command = program.command('user').description('manage people and their permissions');

  const named = async (name: string): Promise<User> => {
    const found = await (await ctx.catalogue()).people.byName(name);
    if (!found) throw fail('person_unknown', name);
    return found;
  };
  /** Read before the catalogue is opened, which gives up root: the file may be root's. */
  const passwordIn = async (file: string | undefined): Promise<string | null> =>
    file === undefined ? null : newPassword(file);
  const hashOf = async (name: string, given: string | null): Promise<string> => {
    const password = given ?? (await newPassword(undefined));
    checkPassword(password, name, ctx.config().site.name);
    return hashPassword(password);
  };

  withRights(command.command('add'))
    .description('add a person; asks for the password, or reads it from standard input')
    .argument('<name>', 'name to sign in with')
    .option('--password-file <file>', 'read the password from this file')
    .addHelpText(
      'after',
      `
Without --role, the first person becomes an admin who can also listen to every call.
${ROLES}
Examples:
  tapedeck user add ada --role admin
  tapedeck user add anna --role reviewer --queues sales,support --grant download
  tapedeck user add ben --role agent --own 201 --password-file /run/secrets/ben`,
    )
    .action(async (given: string, options: RightsOptions & { passwordFile?: string }) => {
      const name = nameOf(given);
      const read = await passwordIn(options.passwordFile);
      const catalogue = await ctx.catalogue();
      if (await catalogue.people.byName(name)) throw fail('user_exists', name);
      const first = options.role === undefined && (await catalogue.people.list()).length === 0;
      const rights = first ? FOUNDER : rightsBy(options, NOBODY);
      const hash = await hashOf(name, read);
      const { id } = await ctx.ask('add_user', { by: onConsole(), name, hash, ...(first ? {} : { rights }) });
      const person = { ...rights, id, name };
      ctx.out(`${name} can sign in now: ${said(person)}.`);
      for (const line of notSetUp(ctx.config(), namesOf(rights))) ctx.err(line);
    });

  command
    .command('setup-code')
    .description('print a new set-up code, with which the first account is created on the dashboard')
    .addHelpText(
      'after',
      '\nThe newest code is the one that works, once. Exit code 1 if there is an account already.\n\nExample:\n  tapedeck user setup-code',
    )
    .action(async () => {
      const { code } = await ctx.ask('begin_setup', {});
      if (code !== null) return ctx.out(code);
      ctx.err('There is an account already: "tapedeck user list" shows it.');
      process.exitCode = 1;
    });

  command
    .command('factors')
    .description(
      'show the second factors of a user; --reset for account recovery; --remove and --since take some back',
    )
    .argument('<name>', 'name that the user signs in with')
    .option(
      '--reset',
      'remove all of them, with the recovery codes, and end every session and API token of the user',
    )
    .option('--remove <factor>', 'remove one: app, recovery-codes, or the name of a passkey')
    .option('--since <day>', 'remove all that were added on this day or later', day)
    .addHelpText(
      'after',
      `
--remove and --since remove all recovery codes too, and end every session and API token of the user. If somebody else may
know the password, set a new one: whoever knows the password of a user without factors can add one.

Examples:
  tapedeck user factors ada
  tapedeck user factors ada --since 2026-11-25
  tapedeck user factors ada --remove laptop
  tapedeck user factors ada --reset`,
    )
    .action(async (name: string, { reset, remove, since }: FactorOptions) => {
      if ([reset, remove, since].filter((one) => one !== undefined).length > 1)
        throw fail('request_invalid', 'Give one of --reset, --remove and --since.');
      const catalogue = await ctx.catalogue();
      const found = await named(name);
      const { time_zone: zone } = ctx.config().site;
      const by = onConsole();
      if (reset) await ctx.ask('reset_factors', { by, id: found.id });
      if (remove !== undefined || since !== undefined) {
        const which = remove === undefined ? { since: startOfDay(since!, zone) } : { named: remove };
        const { removed } = await ctx.ask('remove_factors', { by, id: found.id, which });
        ctx.out(`Removed: ${removed.join(', ')}.`);
      }
      const { totp, passkeys, recoveryCodes, required } = await catalogue.factors.state(found.id);
      const has = [
        ...(totp ? ['an authenticator app'] : []),
        ...(passkeys > 0 ? [`${passkeys} ${passkeys === 1 ? 'passkey' : 'passkeys'}`] : []),
        ...(recoveryCodes > 0 ? [`${recoveryCodes} unused recovery codes`] : []),
      ];
      ctx.out(`${found.name} has ${has.join(', ') || 'no second factor'}.`);
      const app = await catalogue.factors.totp(found.id);
      const time = timesIn(zone);
      const rows = [
        ...(app ? [['app', time(app.addedAt)]] : []),
        ...(await catalogue.factors.passkeys(found.id)).map((key) => [key.name, time(key.addedAt)]),
      ];
      if (rows.length > 0) ctx.out(table(['factor', 'added'], rows));
      if (reset || remove !== undefined || since !== undefined)
        ctx.out('Every session and API token has ended.');
      if (required)
        ctx.out(
          has.length > 0
            ? 'A role of this user requires a second factor.'
            : 'A role of this user requires one: it is made at the next sign-in, after the password.',
        );
    });

  command
    .command('list')
    .description('list everyone')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  tapedeck user list')
    .action(async ({ json }: { json?: boolean }) => {
      const users = await (await ctx.catalogue()).people.list();
      if (json) return ctx.out(JSON.stringify(users.map(viewOf), null, 2));
      const time = timesIn(ctx.config().site.time_zone);
      ctx.out(
        users.length === 0
          ? 'There are no users. Open the dashboard to make the first, or use "tapedeck user add".'
          : table(
              ['name', 'roles', 'hears', 'grants', 'last signed in', 'state'],
              users.map((u) => [
                u.name,
                u.roles.join(' '),
                reaches(u),
                u.grants.join(' ') || '-',
                time(u.signedInAt),
                u.disabledAt !== null ? 'disabled' : u.passwordHash === '' ? 'has no password yet' : 'active',
              ]),
              { wrap: [1, 2, 3, 5] },
            ),
      );
    });

  withRights(command.command('change'))
    .description("change a person's permissions; applies immediately")
    .argument('<name>', 'name that the person signs in with')
    .option('--name <name>', 'a new name to sign in with')
    .addHelpText(
      'after',
      `
What is not said stays as it is. A list takes the place of the one before; "none" empties it.
${ROLES}
Examples:
  tapedeck user change ada --role admin
  tapedeck user change anna --queues sales --grant none`,
    )
    .action(async (name: string, { name: next, ...options }: RightsOptions & { name?: string }) => {
      const before = await named(name);
      await ctx.ask('change_person', {
        ...{ by: onConsole(), id: before.id, rights: rightsBy(options, before), based_on: before.version },
        name: next === undefined ? before.name : nameOf(next),
      });
      const after = (await (await ctx.catalogue()).people.get(before.id))!;
      ctx.out(`${after.name}: ${said(after)}.${after.disabledAt === null ? '' : ' Is still disabled.'}`);
      for (const line of notSetUp(ctx.config(), namesOf(after))) ctx.err(line);
    });

  for (const [verb, disabled, what, said] of [
    ['disable', true, 'disable a user and end their sessions', 'cannot sign in any more'],
    ['enable', false, 'enable a disabled user again', 'can sign in again'],
  ] as const)
    command
      .command(verb)
      .description(what)
      .argument('<name>', 'name that the person signs in with')
      .addHelpText('after', `\nExample:\n  tapedeck user ${verb} anna`)
      .action(async (name: string) => {
        const before = await named(name);
        const { id, roles, scope, extensions, grants } = before;
        const rights = { roles, scope, extensions, grants };
        await ctx.ask('change_person', { by: onConsole(), id, name: before.name, rights, disabled });
        ctx.out(`${before.name} ${said}.`);
      });

  command
    .command('remove')
    .description('remove a person, with their sessions and tokens')
    .argument('<name>', 'name that the person signs in with')
    .addHelpText('after', '\nExample:\n  tapedeck user remove anna')
    .action(async (name: string) => {
      const { id, name: of } = await named(name);
      await ctx.ask('remove_person', { by: onConsole(), id });
      ctx.out(`${of} is removed.`);
    });

  command
    .command('password')
    .description('set a new password for a person; ends their sessions and API tokens')
    .argument('<name>', 'name that the person signs in with')
    .option('--password-file <file>', 'read the password from this file')
    .addHelpText(
      'after',
      '\nFor an admin who has lost theirs.\n\nExamples:\n  tapedeck user password ada\n  tapedeck user password ada --password-file /run/secrets/ada',
    )
    .action(async (name: string, { passwordFile }: { passwordFile?: string }) => {
      const read = await passwordIn(passwordFile);
      const { id, name: of, disabledAt } = await named(name);
      const hash = await hashOf(of, read);
      const { tokens_ended: tokens } = await ctx.ask('set_password', { by: onConsole(), id, hash });
      ctx.out(`${of} has a new password; every session has ended.`);
      if (tokens.length > 0) ctx.out(`API tokens that ended: ${tokens.join(', ')}`);
      if (disabledAt !== null) ctx.err(`${of} is disabled: "tapedeck user enable ${of}" lets them in again.`);
    });
}

const ROLES = `
Roles:
  admin     administers Tapedeck, cannot listen to calls
  reviewer  listens to the calls of a scope: --all, --extensions, --queues, --dids
  auditor   sees and reports everything, changes nothing, listens with a reason
  agent     listens to the calls of --own extensions
An extension, queue or number of another PBX than the first is written with its id: warehouse/101.
Grants: download, export.
`;

const withRights = (command: Command): Command =>
  command
    .option('--role <role>', 'admin, reviewer, auditor or agent; repeatable', listed)
    .option('--all', 'reviewer: all calls')
    .option('--extensions <list>', 'reviewer: calls of these extensions', listed)
    .option('--queues <list>', 'reviewer: calls of these queues', listed)
    .option('--dids <list>', 'reviewer: calls to these numbers (DIDs)', listed)
    .option('--own <list>', 'agent: their own extensions', listed)
    .option('--grant <grant>', 'download or export; repeatable', listed);

const namesOf = ({ scope, extensions }: Rights): string[] => [
  ...extensions,
  ...scope.extensions,
  ...scope.queues,
  ...scope.dids,
];

const said = (person: Rights & { id: string; name: string }): string =>
  `${person.roles.join(', ')}; hears: ${reaches(person)}; grants: ${person.grants.join(', ') || 'none'}`;

const viewOf = (u: User) => ({
  ...{ id: u.id, name: u.name, roles: u.roles, scope: u.scope, extensions: u.extensions, grants: u.grants },
  created_at: iso(u.createdAt),
  signed_in_at: isoOrNull(u.signedInAt),
  disabled_at: isoOrNull(u.disabledAt),
  password: u.passwordHash !== '',
});
