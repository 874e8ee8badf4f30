import { randomBytes } from 'node:crypto';
import type { NewUser } from '../../../daemon/catalogue/people.js';
import type { Proof } from '../../../daemon/domain/people/factor.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { hashed, newRecoveryCode, plainCode } from '../../../daemon/ops/secrets/codes.js';
import { type Dashboard, password } from './dashboard.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const NONE = { all: false, extensions: [], queues: [], dids: [] };
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:152.0) Gecko/20100101 Firefox/152.0';
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1';

/** Somebody for each role, and for each state in which somebody can be. Their ids are these names. */
export const people = {
  anna: { name: 'Anna Berg', ...FOUNDER },
  /** Runs Tapedeck and hears nothing. */
  gita: { name: 'Gita Rao', roles: ['admin'] },
  eve: { name: 'Eve Hartmann-Szczepańska of the external auditors', roles: ['auditor'] },
  carla: {
    ...{ name: 'Carla Reyes', roles: ['reviewer'], grants: ['download'] },
    scope: { ...NONE, queues: ['sales', 'support'], extensions: ['101'], dids: ['+441632960100'] },
  },
  ben: { name: 'Ben Orchard', roles: ['agent'], extensions: ['112', '113'], grants: ['download'] },
  /** On the phone of the workshop. */
  ira: { name: 'Ira Lindqvist', roles: ['agent'], extensions: ['134'] },
  /** Nothing is given to them yet. */
  noor: { name: 'Noor', roles: ['agent'] },
  /** Has a link and has not used it. */
  dan: { name: 'Dan Wolff', roles: ['agent'], passwordHash: '' },
  /** Disabled. */
  finn: { name: 'Finn', roles: ['reviewer'], scope: { ...NONE, all: true } },
} as const satisfies Record<string, unknown>;
export type PersonId = keyof typeof people;

/** The code of Dan's link. */
export const INVITATION = 'ABCD-EFGH-JKMN-PQRS-TVWX';
/** Admins must have a second factor. */
export const proofsOf = (id: PersonId): Proof[] =>
  id === 'anna' || id === 'gita' ? ['password', 'totp'] : ['password'];

type Furnishing = { dashboard: Dashboard; now: number };

export async function addPerson(
  { dashboard: { catalogue }, now }: Furnishing,
  id: PersonId,
  more: Partial<NewUser> = {},
): Promise<void> {
  await catalogue.people.add({
    ...{ id, roles: [], scope: NONE, extensions: [], grants: [], passwordHash: `hash of ${password}` },
    createdAt: now - 90 * DAY,
    ...(people[id] as Pick<NewUser, 'name'>),
    ...more,
  });
}

/** Everybody, the admins' factors, and where and with what Anna and Carla are signed in. */
export async function addEverybody(house: Furnishing, hostile = false): Promise<void> {
  const { dashboard, now } = house;
  const { catalogue, store, factorSecrets } = dashboard;
  const nameOf = (name: string) => ({ name: name.slice(0, 60) });
  await addPerson(house, 'anna', hostile ? nameOf('<img src=x onerror="window.pwned=1">\u202eannA') : {});
  for (const id of Object.keys(people) as PersonId[]) if (id !== 'anna') await addPerson(house, id);
  await catalogue.people.change('finn', { disabled: true }, now - DAY);
  await catalogue.people.invite({
    ...{ userId: 'dan', codeHash: hashed(plainCode(INVITATION)) },
    ...{ madeAt: now - DAY, expiresAt: now + 2 * DAY },
  });

  for (const admin of ['anna', 'gita'])
    await catalogue.factors.saveTotp(admin, {
      ...{ sealed: factorSecrets.seal(admin, randomBytes(20)), addedAt: now - 40 * DAY, lastStep: 0 },
    });
  await catalogue.factors.addPasskey({
    ...{ id: 'key', userId: 'anna', name: hostile ? '<b onclick="window.pwned=1">' : 'Laptop' },
    ...{ publicKey: new Uint8Array(77), counter: 0, transports: [], host: 'localhost' },
    ...{ addedAt: now - 20 * DAY, usedAt: now - DAY },
  });
  const codes = Array.from({ length: 7 }, () => hashed(plainCode(newRecoveryCode())));
  await catalogue.factors.saveRecoveryCodes('anna', codes);
  await catalogue.factors.setRoles(['admin']);

  for (const [userId, agent, address, ago] of [
    ['anna', SAFARI, '192.168.1.77', 25 * MINUTE],
    ['anna', '', '2001:db8::77', 20 * MINUTE],
    ['carla', FIREFOX, '192.168.1.20', 15 * MINUTE],
    ['carla', '', '2001:db8::77', 10 * MINUTE],
  ] as const)
    store.sessions.add(
      {
        ...{ id: `${userId} ${address}`, tokenHash: `${userId} ${address}`, userId, agent, address },
        ...{ epoch: 0, gains: 0 },
        ...{ createdAt: now - ago, seenAt: now - ago / 3, expiresAt: now + 11 * 60 * MINUTE },
        ...{ proofs: proofsOf(userId), provedAt: now - ago, failed: { count: 0, lastAt: null } },
      },
      null,
    );
  await catalogue.tokens.add(
    {
      ...{ id: 'monitoring', userId: 'anna', name: 'Monitoring', rights: ['oversee'] },
      ...{ createdAt: now - 20 * DAY, expiresAt: now + 70 * DAY },
    },
    'monitoring',
  );
  await catalogue.tokens.used('monitoring', now - 2 * MINUTE, '192.168.1.5');
  await catalogue.tokens.add(
    {
      ...{ id: 'export', userId: 'anna', name: 'Nightly export', rights: ['view', 'export'] },
      ...{ createdAt: now - 400 * DAY, expiresAt: now - 35 * DAY },
    },
    'export',
  );
}
