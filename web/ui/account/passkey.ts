import {
  type AuthenticationResponseJSON,
  browserSupportsWebAuthn,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from '@simplewebauthn/browser';
import { type Act, ApiError, api } from '../state/api.js';

/** Why there can be no passkey on this page, or null. */
export function passkeyHindrance(): 'insecure' | 'address' | 'unsupported' | null {
  if (!isSecureContext) return 'insecure';
  if (/^\[|^[\d.]+$/.test(location.hostname)) return 'address';
  return browserSupportsWebAuthn() ? null : 'unsupported';
}

/** What the browser says when its owner did not want to, waited, or has none, is no fault of ours. */
async function byBrowser<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw new ApiError(400, { code: 'passkey_cancelled' as never });
  }
}

/** Signs in, or gives the second factor; with an `act`, proves it. */
export async function usePasskey(act?: Act): Promise<void> {
  const { options } = await api.passkeyOptions(act);
  const response: AuthenticationResponseJSON = await byBrowser(() =>
    startAuthentication({ optionsJSON: options as PublicKeyCredentialRequestOptionsJSON }),
  );
  await api.passkey(response, act);
}

/** Makes one and adds it; gives the recovery codes that come with a first factor. */
export async function makePasskey(name: string): Promise<string[] | null> {
  const { options } = await api.passkeyToAdd();
  const response = await byBrowser(() =>
    startRegistration({ optionsJSON: options as PublicKeyCredentialCreationOptionsJSON }),
  );
  return (await api.addPasskey(name, response)).recovery_codes;
}
