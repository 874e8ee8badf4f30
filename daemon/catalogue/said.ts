import { type Directed, type Directive, directed, withMain } from '../domain/call/directive.js';
import type { CallRecord } from '../domain/recording/recording.js';
import type { Verbs } from './catalogue.js';

/** Returns what people have said of a call: from what was said of it itself and, in a consultation, of its main call. */
export async function saidOf(
  catalogue: Verbs<'directives.of' | 'calls.get'>,
  call: Pick<CallRecord, 'legs' | 'consultFor'>,
  said: readonly Directive[],
): Promise<Directed> {
  const own = directed(said, call.legs);
  if (own.declined || call.consultFor === null) return own;
  const main = await catalogue.calls.get(call.consultFor);
  return withMain(own, directed(await catalogue.directives.of(call.consultFor), main?.legs ?? []));
}
