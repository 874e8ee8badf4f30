import { CODECS, type CodecName } from './codecs.js';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** What a session description (RFC 4566) says about its one audio stream. */
export type AudioSession = {
  host: string;
  port: number;
  direction: Direction;
  /** those that we know, in the order of the offer */
  codecs: CodecName[];
  /** payload type of telephone-event (RFC 4733), if offered */
  dtmfType: number | undefined;
};

const isDirection = (text: string | undefined): text is Direction =>
  text === 'sendrecv' || text === 'sendonly' || text === 'recvonly' || text === 'inactive';

export const parseSdp = (body: string): AudioSession | undefined => {
  const media = /^m=audio (\d+) \S+ (.*?)\s*$/m.exec(body);
  if (!media) return undefined;
  const types = media[2]!.split(/\s+/).map(Number);
  const names = Object.keys(CODECS) as CodecName[];
  const direction = /^a=(sendrecv|sendonly|recvonly|inactive)\s*$/m.exec(body)?.[1];
  const dtmf = /^a=rtpmap:(\d+) telephone-event\/8000/im.exec(body)?.[1];
  return {
    host: /^c=IN IP4 (\S+)/m.exec(body)?.[1] ?? '127.0.0.1',
    port: Number(media[1]),
    direction: isDirection(direction) ? direction : 'sendrecv',
    codecs: types.flatMap((type) => names.filter((name) => CODECS[name].payloadType === type)),
    dtmfType: dtmf === undefined ? undefined : Number(dtmf),
  };
};

/** `version` must grow with every change of a session (RFC 3264, 8). */
export const writeSdp = (session: {
  port: number;
  version: number;
  direction: Direction;
  codecs: CodecName[];
  dtmfType: number;
}): string => {
  const types = session.codecs.map((name) => CODECS[name].payloadType);
  const maps = session.codecs.map((name) => `a=rtpmap:${CODECS[name].payloadType} ${CODECS[name].rtpmap}`);
  return [
    'v=0',
    `o=- 1 ${session.version} IN IP4 127.0.0.1`,
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${session.port} RTP/AVP ${[...types, session.dtmfType].join(' ')}`,
    ...maps,
    `a=rtpmap:${session.dtmfType} telephone-event/8000`,
    `a=fmtp:${session.dtmfType} 0-16`,
    'a=ptime:20',
    `a=${session.direction}`,
    '',
  ].join('\r\n');
};

/** The answer to an offered direction (RFC 3264, 6.1), given what we want ourselves. */
export const answerDirection = (offered: Direction, wanted: Direction): Direction => {
  const send =
    (wanted === 'sendrecv' || wanted === 'sendonly') && (offered === 'sendrecv' || offered === 'recvonly');
  const receive =
    (wanted === 'sendrecv' || wanted === 'recvonly') && (offered === 'sendrecv' || offered === 'sendonly');
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
};
