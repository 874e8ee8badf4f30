import { setTimeout as delay } from 'node:timers/promises';
import type { Source } from '../sources.js';
import type { CodecName } from './codecs.js';
import { type Endpoint, type Headers, newBranch, newTag } from './endpoint.js';
import { displayNameOf, header, type SipMessage, tagOf, uriOf, userOf } from './message.js';
import { openRtp, type RtpOptions } from './rtp.js';
import { type AudioSession, answerDirection, type Direction, parseSdp, writeSdp } from './sdp.js';

const ALLOW = 'INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY';
const DTMF_TYPE = 101;

export type CallEnd = {
  /** who ended it; `them` also when the call was refused */
  by: 'us' | 'them';
  /** the final status of a call that was never answered */
  status: number | undefined;
};

export type Identity = {
  /** who we are: the user of Contact */
  user: string;
  displayName: string;
  /** the user of From, where it is not `user` */
  number?: string;
  /** sent with every request */
  headers?: Headers;
};

type CallDeps = {
  endpoint: Endpoint;
  identity: Identity;
  /** the PBX's port */
  sipPort: number;
  source: Source;
  codecs: CodecName[];
  rtp: RtpOptions | undefined;
};

const deferred = <T>() => {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
};

/** One call of a phone: a SIP dialog and its media. `invite` is the request that brought it, for an incoming one. */
export const createCall = async (deps: CallDeps, to: { number: string } | { invite: SipMessage }) => {
  const { endpoint, identity, sipPort } = deps;
  const invite = 'invite' in to ? to.invite : undefined;
  const host = `127.0.0.1:${sipPort}`;
  const localTag = newTag();
  const callId = invite ? header(invite, 'call-id') : `${newTag()}@127.0.0.1`;
  const quoted = identity.displayName.replace(/["\\]/g, '\\$&');
  const self = `"${quoted}" <sip:${identity.number ?? identity.user}@127.0.0.1>`;
  const local = invite ? `${header(invite, 'to')};tag=${localTag}` : `${self};tag=${localTag}`;
  let remote = invite ? header(invite, 'from') : `<sip:${'number' in to ? to.number : ''}@${host}>`;
  let target = invite ? uriOf(header(invite, 'contact')) : `sip:${'number' in to ? to.number : ''}@${host}`;
  let state: 'calling' | 'ringing' | 'up' | 'ended' = invite ? 'ringing' : 'calling';
  let cseq = invite ? 100 : 0;
  let sessionVersion = 0;
  let wanted: Direction = 'sendrecv';
  let inviting = false;
  let inviteBranch = '';
  let referral: ReturnType<typeof deferred<number>> | undefined;
  const rtp = await openRtp(deps.source, deps.rtp);
  const ringing = deferred<void>();
  const answered = deferred<boolean>();
  const ended = deferred<CallEnd>();

  const contact: Headers = [['Contact', `<sip:${identity.user}@127.0.0.1:${endpoint.port}>`]];
  const capabilities: Headers = [
    ['Allow', ALLOW],
    ['Supported', 'replaces'],
  ];

  const dialogHeaders = (method: string, number: number): Headers => [
    ['From', local],
    ['To', remote],
    ['Call-ID', callId],
    ['CSeq', `${number} ${method}`],
    ...contact,
    ...(identity.headers ?? []),
  ];

  const sdp = (direction: Direction, codecs = deps.codecs): string =>
    writeSdp({ port: rtp.port, version: ++sessionVersion, direction, codecs, dtmfType: DTMF_TYPE });

  const finish = (by: 'us' | 'them', status?: number): void => {
    if (state === 'ended') return;
    state = 'ended';
    rtp.close();
    answered.resolve(false);
    ringing.resolve();
    referral?.resolve(0);
    ended.resolve({ by, status });
  };

  const startMedia = (session: AudioSession | undefined): void => {
    const codec = session?.codecs.find((name) => deps.codecs.includes(name));
    if (session && codec) rtp.send(session, codec, session.dtmfType ?? DTMF_TYPE);
  };

  const comeUp = (session: AudioSession | undefined): void => {
    if (state === 'ended') return;
    state = 'up';
    startMedia(session);
    ringing.resolve();
    answered.resolve(true);
  };

  /** An INVITE or re-INVITE with our session; gives the final response, acknowledged. */
  const sendInvite = async (direction: Direction, extra: Headers = []): Promise<SipMessage> => {
    inviting = true;
    const number = ++cseq;
    inviteBranch = newBranch();
    const response = await endpoint.request({
      method: 'INVITE',
      uri: target,
      branch: inviteBranch,
      headers: [
        ...dialogHeaders('INVITE', number),
        ...capabilities,
        ...extra,
        ['Content-Type', 'application/sdp'],
      ],
      body: sdp(direction),
      onProvisional: (provisional) => {
        if (provisional.status > 100 && state === 'calling') {
          state = 'ringing';
          ringing.resolve();
        }
      },
    });
    inviting = false;
    if (response.status < 300) {
      remote = header(response, 'to');
      target = uriOf(header(response, 'contact')) || target;
      endpoint.ack(response, target, dialogHeaders('ACK', number));
    }
    return response;
  };

  const call = async (extra: Headers): Promise<void> => {
    try {
      const response = await sendInvite('sendrecv', extra);
      // A success that crossed our CANCEL is a call all the same, and has to be ended.
      if (response.status < 300 && state === 'ended') await request('BYE');
      else if (response.status < 300) comeUp(parseSdp(response.body));
      else finish('them', response.status);
    } catch {
      finish('them', 408);
    }
  };

  const request = (method: string, extra: Headers = []): Promise<SipMessage> =>
    endpoint.request({ method, uri: target, headers: [...dialogHeaders(method, ++cseq), ...extra] });

  /** Changes the direction of our media. Throws when the PBX refuses. */
  const redirectMedia = async (direction: Direction): Promise<void> => {
    if (state !== 'up') throw new Error(`cannot change the media of a call that is ${state}`);
    wanted = direction;
    for (let attempt = 0; ; attempt++) {
      const response = await sendInvite(direction);
      if (response.status < 300) return startMedia(parseSdp(response.body));
      // 491: both sides asked at once; RFC 3261, 14.1 has us wait between 0 and 2 s.
      if (response.status !== 491 || attempt === 3)
        throw new Error(`re-INVITE refused: ${response.status} ${response.reason}`);
      await delay(200 + 100 * attempt);
    }
  };

  const replyHeaders = (): Headers => [['To', local], ...contact, ...capabilities];

  const answer = async (): Promise<void> => {
    if (!invite || state !== 'ringing') throw new Error(`cannot answer a call that is ${state}`);
    const offer = parseSdp(invite.body);
    const codecs = offer?.codecs.filter((name) => deps.codecs.includes(name)) ?? deps.codecs;
    const body = sdp('sendrecv', codecs.length > 0 ? codecs.slice(0, 1) : deps.codecs);
    const acknowledged = endpoint.respond(
      invite,
      200,
      'OK',
      [...replyHeaders(), ['Content-Type', 'application/sdp']],
      body,
    );
    comeUp(offer);
    await acknowledged;
  };

  const cancel = async (): Promise<void> => {
    const number = cseq;
    const headers: Headers = [
      ['From', local],
      ['To', remote],
      ['Call-ID', callId],
      ['CSeq', `${number} CANCEL`],
      ...(identity.headers ?? []),
    ];
    await endpoint.request({ method: 'CANCEL', uri: target, branch: inviteBranch, headers });
    finish('us', 487);
  };

  const hangup = async (): Promise<void> => {
    if (state === 'ended') return;
    if (state === 'up') {
      finish('us');
      await request('BYE');
    } else if (invite) {
      endpoint.respond(invite, 486, 'Busy Here', [['To', local]]);
      finish('us', 486);
    } else await cancel();
  };

  /** Sends REFER; resolves with the transfer's final status, 0 when the call ended before one came. */
  const sendRefer = async (referTo: string): Promise<number> => {
    referral = deferred<number>();
    const referredBy: [string, string] = ['Referred-By', `<sip:${identity.user}@127.0.0.1>`];
    const response = await request('REFER', [['Refer-To', referTo], referredBy]);
    if (response.status >= 300) return response.status;
    const status = await referral.promise;
    if (status >= 200 && status < 300) await hangup();
    return status;
  };

  const onReinvite = (message: SipMessage): void => {
    if (inviting) {
      endpoint.respond(message, 491, 'Request Pending', [['To', local]]);
      return;
    }
    const offer = parseSdp(message.body);
    const codecs = offer?.codecs.filter((name) => deps.codecs.includes(name)).slice(0, 1);
    const direction = offer ? answerDirection(offer.direction, wanted) : wanted;
    const body = sdp(direction, codecs?.length ? codecs : deps.codecs);
    endpoint.respond(message, 200, 'OK', [...replyHeaders(), ['Content-Type', 'application/sdp']], body);
    startMedia(offer);
  };

  const onNotify = (message: SipMessage): void => {
    endpoint.respond(message, 200, 'OK');
    const status = Number(/^SIP\/2\.0 (\d{3})/.exec(message.body)?.[1] ?? 0);
    if (status >= 200) referral?.resolve(status);
  };

  /** A request of the PBX within this call's dialog. */
  const onRequest = (message: SipMessage): void => {
    if (message.method === 'INVITE') {
      onReinvite(message);
      return;
    }
    if (message.method === 'NOTIFY') {
      onNotify(message);
      return;
    }
    endpoint.respond(message, 200, 'OK', [['To', local]]);
    if (message.method === 'BYE') finish('them');
    if (message.method === 'CANCEL' && invite && state === 'ringing') {
      endpoint.respond(invite, 487, 'Request Terminated', [['To', local]]);
      finish('them', 487);
    }
  };

  const listen = (seconds: number, { withinMs = seconds * 1000 + 5000 } = {}): Promise<void> =>
    new Promise((resolve, reject) => {
      const enough = rtp.packets() + Math.round(seconds * 50);
      const stop = rtp.onPacket(() => {
        if (rtp.packets() < enough && !rtp.isClosed()) return;
        stop();
        clearTimeout(timer);
        if (rtp.packets() >= enough) resolve();
        else reject(new Error('the call ended while we listened'));
      });
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`heard only ${(seconds * 50 - (enough - rtp.packets())) / 50} of ${seconds} s`));
      }, withinMs);
    });

  return {
    direction: invite ? ('in' as const) : ('out' as const),
    callId,
    /** the number that was called: ours to dial, or the one the PBX asked for */
    called: invite ? userOf(invite.uri) : 'number' in to ? to.number : '',
    /** who called */
    caller: invite
      ? { number: userOf(remote), name: displayNameOf(remote) }
      : { number: identity.number ?? identity.user, name: identity.displayName },
    state: () => state,
    /** resolves when the other side rings (or the call is answered or over) */
    ringing: ringing.promise,
    /** resolves with true when answered, with false when it ended unanswered */
    answered: answered.promise,
    ended: ended.promise,
    answer,
    hangup,
    /** Puts the other side on hold. A phone on hold sends nothing, unless `keepSending`. */
    hold: async ({ keepSending = false } = {}): Promise<void> => {
      await redirectMedia('sendonly');
      if (!keepSending) rtp.pause();
    },
    unhold: async (): Promise<void> => {
      await redirectMedia('sendrecv');
      rtp.resume();
    },
    /** Blind transfer of the other side to `number`; see `sendRefer`. On success this call is hung up. */
    refer: (number: string): Promise<number> => sendRefer(`<sip:${number}@${host}>`),
    /** Attended transfer: joins the other side with the other side of `second`, another call of this phone (RFC 3891). */
    referReplaces: (second: Dialog): Promise<number> => {
      const { callId: id, remoteTag, localTag: tag, number } = second.dialog();
      const replaces = encodeURIComponent(`${id};to-tag=${remoteTag};from-tag=${tag}`);
      return sendRefer(`<sip:${number}@${host}?Replaces=${replaces}>`);
    },
    dialog: () => ({
      callId,
      localTag,
      remoteTag: tagOf(remote),
      number: invite ? userOf(remote) : 'number' in to ? to.number : '',
    }),
    /** Presses keys, 160 ms of tone and 100 ms of pause each; resolves after the last. */
    dtmf: async (digits: string): Promise<void> => {
      await Promise.all([...digits].map((digit) => rtp.press(digit)));
    },
    /** Says something else from now on. */
    say: (source: Source): void => rtp.say(source),
    /** What it heard so far, 8 kHz signed 16 bit from the first packet on. */
    heard: (): Int16Array => rtp.heard(),
    /** Resolves after `seconds` more of arriving audio. Throws when the call ends first, or it does not come `withinMs` (5 s more than that by default). */
    listen,
    /** The media itself, for tests that upset it. */
    rtp,
    /** for the phone */
    start: call,
    onRequest,
    ring: (): void => {
      if (invite) endpoint.respond(invite, 180, 'Ringing', [['To', local], ...contact]);
    },
  };
};

type Dialog = { dialog: () => { callId: string; localTag: string; remoteTag: string; number: string } };

export type Call = Awaited<ReturnType<typeof createCall>>;
