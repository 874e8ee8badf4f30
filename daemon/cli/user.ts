import type { Command } from 'commander';
import { ulid } from 'ulid';
import { fail } from '../domain/error.js';
import { clean } from '../domain/party.js';
import { checkPassword, hashPassword } from '../ops/password.js';
import { newPassword } from './ask.js';
import type { CliContext } from './context.js';
import { iso, table, timesIn } from './table.js';

const LONGEST_NAME = 60;

/** `tapedeck user`: who may sign in to the dashboard. */
export function user(program: Command, ctx: CliContext): void {
  const command = program.command('user').description('who may sign in to the dashboard');

  command
    .command('add')
    .description('add a user; asks for the password, or reads it from standard input')
    .argument('<name>', 'name to sign in with')
    .option('--password-file <file>', 'read the password from this file')
    .addHelpText(
      'after',
      '\nExamples:\n  tapedeck user add ada\n  tapedeck user add ada --password-file /run/secrets/ada',
    )
    .action(async (name: string, { passwordFile }: { passwordFile?: string }) => {
      if (name === '' || clean(name, LONGEST_NAME) !== name)
        throw fail('request_invalid', `A name has 1 to ${LONGEST_NAME} letters, digits or marks.`);
      const catalogue = await ctx.catalogue();
      if (await catalogue.userByName(name)) throw fail('user_exists', name);
      const password = await newPassword(passwordFile);
      checkPassword(password, name);
      const passwordHash = await hashPassword(password);
      await catalogue.addUser({ id: ulid(), name, passwordHash, createdAt: Date.now() });
      ctx.out(`${name} can sign in now.`);
    });

  command
    .command('list')
    .description('all users')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  tapedeck user list')
    .action(async ({ json }: { json?: boolean }) => {
      const users = await (await ctx.catalogue()).users();
      if (json)
        return ctx.out(
          JSON.stringify(
            users.map((u) => ({ id: u.id, name: u.name, created_at: iso(u.createdAt) })),
            null,
            2,
          ),
        );
      const time = timesIn(ctx.config().site.time_zone);
      ctx.out(
        users.length === 0
          ? 'There are no users. Open the dashboard to make the first, or use "tapedeck user add".'
          : table(
              ['name', 'since'],
              users.map((u) => [u.name, time(u.createdAt)]),
            ),
      );
    });
}
