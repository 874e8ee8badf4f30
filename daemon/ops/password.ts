import { hash, verify } from '@node-rs/argon2';
import { fail } from '../domain/error.js';

/** argon2id, 64 MiB, 3 passes, 1 lane: 0.2 s of one core (RFC 9106, section 4, second choice). */
const COST = { algorithm: 2, memoryCost: 65_536, timeCost: 3, parallelism: 1 } as const;
const LEAST = 12;
const MOST = 256;
/** Fewer different characters than this are a pattern, not a password. */
const LEAST_DIFFERENT = 5;

/** Long enough and tried first all the same; digits and marks at the end make no difference. */
const COMMON = new Set(
  `passwordpassword password1password mypasswordispassword adminadminadmin administrator administratoradministrator
  qwertyuiop qwertyuiopasdf qwertyqwerty qwertzuiop qwertzqwertz azertyuiop azertyazerty asdfghjkl asdfghjklqwerty
  1q2w3e4r5t6y 1qaz2wsx3edc q1w2e3r4t5y6 zaq12wsxcde3 letmein letmeinletmein letmeinplease iloveyou iloveyouiloveyou
  welcome welcomewelcome changeme changemechangeme changemeplease correcthorsebatterystaple trustno1trustno1
  footballfootball baseballbaseball sunshinesunshine princessprincess monkeymonkey dragondragon superman
  supermansuperman asterisk asteriskasterisk freepbx freepbxfreepbx tapedeck tapedecktapedeck callrecorder
  callrecording telephone telephonetelephone secretsecret supersecret topsecret password passw0rd p@ssword p@ssw0rd
  admin user guest test qwerty abcdef abcdefghijkl abcdefghijklmnop`.split(/\s+/),
);

/** The same characters come in different bytes from different keyboards. */
const one = (password: string) => password.normalize('NFKC');

/** Gives the PHC string to keep in place of a password. */
export const hashPassword = (password: string): Promise<string> => hash(one(password), COST);

/** Whether the password is the one that `stored` (a PHC string) was made from. */
export const verifyPassword = (stored: string, password: string): Promise<boolean> =>
  verify(stored, one(password));

/** Throws `password_weak`, and says why, for a password that would be guessed. The user's name may be left out. */
export function checkPassword(password: string, userName = ''): void {
  const given = one(password).toLowerCase();
  const name = one(userName).toLowerCase().trim();
  const length = [...given].length;
  if (length < LEAST) throw fail('password_weak', `It has ${length} characters; ${LEAST} are needed.`);
  if (length > MOST) throw fail('password_weak', `It has more than ${MOST} characters.`);
  if (name.length > 2 && given.includes(name))
    throw fail('password_weak', 'It contains the name of the user.');
  if (new Set(given).size < LEAST_DIFFERENT)
    throw fail('password_weak', 'It is made of very few different characters.');
  const core = given.replace(/[^\p{L}]+$/u, '');
  if (COMMON.has(given) || COMMON.has(core) || isRun(given))
    throw fail('password_weak', 'It is one that is tried first.');
}

/** 123456789012, abcdefghijkl and the like, up or down. */
function isRun(text: string): boolean {
  const steps = [...text].slice(1).map((c, i) => c.charCodeAt(0) - text.charCodeAt(i));
  const even = steps.filter((s) => Math.abs(s) === 1 || Math.abs(s) === 9).length;
  return even >= steps.length - 1;
}
