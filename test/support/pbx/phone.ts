import { type Call, createCall, type Identity } from './sip/call.js';
import type { CodecName } from './sip/codecs.js';
import { createEndpoint, type Headers } from './sip/endpoint.js';
import { header, type SipMessage, userOf } from './sip/message.js';
import type { RtpOptions } from './sip/rtp.js';
import { type Source, silence } from './sources.js';

export type { Call } from './sip/call.js';

export type PhoneOptions = {
  /** the SIP user: an extension, `trunk` for the carrier */
  user: string;
  displayName?: string;
  /** the PBX's SIP port, on 127.0.0.1 */
  sipPort: number;
  /** our own SIP port, on 127.0.0.1 */
  port: number;
  /** how long it rings before it answers (ms); null: until `answer()` is called. 200 by default */
  answerAfterMs?: number | null;
  /** makes what each call says, given the number that is called; silence by default */
  source?: (called: string) => Source;
  /** in order of preference; ulaw by default */
  codecs?: CodecName[];
  /** sent with every request */
  headers?: Headers;
  /** for every call of this phone, or made anew for each */
  rtp?: RtpOptions | (() => RtpOptions);
};

export type CallOptions = {
  source?: Source;
  codecs?: CodecName[];
  /** another number and name than the phone's own in From */
  caller?: { number: string; name?: string };
  headers?: Headers;
  rtp?: RtpOptions;
};

/** A SIP phone on 127.0.0.1 with real RTP. Does nothing before `start()`. */
export const createPhone = (options: PhoneOptions) => {
  const { user, sipPort, answerAfterMs = 200 } = options;
  let busy = false;
  const calls: Call[] = [];
  const unclaimed: Call[] = [];
  const waiting: { wants: (call: Call) => boolean; claim: (call: Call) => void }[] = [];
  const timers = new Set<NodeJS.Timeout>();

  const identity = (caller?: CallOptions['caller']): Identity => ({
    user,
    displayName: caller?.name ?? (caller ? '' : (options.displayName ?? `Phone ${user}`)),
    number: caller?.number,
    headers: options.headers,
  });

  const media = typeof options.rtp === 'function' ? options.rtp : () => options.rtp as RtpOptions | undefined;

  const deps = (called: string, callOptions: CallOptions = {}) => ({
    endpoint,
    identity: identity(callOptions.caller),
    sipPort,
    source: callOptions.source ?? options.source?.(called) ?? silence(),
    codecs: callOptions.codecs ?? options.codecs ?? (['ulaw'] satisfies CodecName[]),
    rtp: callOptions.rtp ?? media(),
  });

  const answerLater = (call: Call, ms: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (call.state() === 'ringing') call.answer();
    }, ms);
    timers.add(timer);
  };

  const takeInvite = async (invite: SipMessage): Promise<void> => {
    if (busy) {
      await endpoint.respond(invite, 486, 'Busy Here');
      return;
    }
    const call = await createCall(deps(userOf(invite.uri)), { invite });
    calls.push(call);
    call.ring();
    const next = waiting.findIndex(({ wants }) => wants(call));
    if (next >= 0) waiting.splice(next, 1)[0]!.claim(call);
    else unclaimed.push(call);
    if (answerAfterMs !== null) answerLater(call, answerAfterMs);
  };

  const onRequest = (request: SipMessage): void => {
    const call = calls.find((each) => each.callId === header(request, 'call-id'));
    if (call) call.onRequest(request);
    else if (request.method === 'INVITE') takeInvite(request);
    else if (request.method === 'OPTIONS' || request.method === 'NOTIFY')
      endpoint.respond(request, 200, 'OK');
    else endpoint.respond(request, 481, 'Call/Transaction Does Not Exist');
  };

  const endpoint = createEndpoint({ port: options.port, remotePort: sipPort, onRequest });

  return {
    user,
    /** every call since `start()`, oldest first */
    calls: calls as readonly Call[],
    /** Throws when the port is taken. */
    start: (): Promise<void> => endpoint.start(),
    /** Hangs up whatever there is and closes its ports. */
    stop: async (): Promise<void> => {
      for (const timer of timers) clearTimeout(timer);
      await Promise.allSettled(calls.map((call) => call.hangup()));
      endpoint.stop();
    },
    /** Dials. Gives the call at once; `answered` and `ended` tell the rest. */
    call: async (number: string, callOptions: CallOptions = {}): Promise<Call> => {
      const call = await createCall(deps(number, callOptions), { number });
      calls.push(call);
      call.start(callOptions.headers ?? []);
      return call;
    },
    /**
     * The next incoming call that nobody has asked for yet, ringing or answered; the next to the number `called`, if
     * that is given. Throws after `timeoutMs`.
     */
    incoming: ({
      called,
      timeoutMs = 10_000,
    }: {
      called?: string;
      timeoutMs?: number;
    } = {}): Promise<Call> => {
      const wants = (call: Call) =>
        call.state() !== 'ended' && (called === undefined || call.called === called);
      const there = unclaimed.findIndex(wants);
      if (there >= 0) return Promise.resolve(unclaimed.splice(there, 1)[0]!);
      return new Promise((resolve, reject) => {
        const claim = (call: Call): void => {
          clearTimeout(timer);
          resolve(call);
        };
        const timer = setTimeout(() => {
          waiting.splice(
            waiting.findIndex((each) => each.claim === claim),
            1,
          );
          reject(new Error(`nobody called ${called ?? user} in ${timeoutMs} ms`));
        }, timeoutMs);
        waiting.push({ wants, claim });
      });
    },
    /** Refuses every call with 486 from now on, or no longer. */
    setBusy: (value: boolean): void => {
      busy = value;
    },
  };
};

export type Phone = ReturnType<typeof createPhone>;
