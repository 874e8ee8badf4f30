import WebSocket from 'ws';
import { fail, type TapedeckError } from '../domain/error.js';
import { PATIENCE } from './ari-requests.js';
import { watchPulse } from './link.js';
import { connectionFault } from './trust.js';

/**
 * ARI's stream of events: a WebSocket of our own, because ari-client's ends the process on JSON that it cannot parse and on
 * an event type that is not in the PBX's own description, reconnects on a schedule that cannot be watched or stopped, gives
 * up after ten tries, and does not notice a connection that is half open.
 */
export type StreamDeps = {
  url: string;
  authorization: string;
  /** The authority of the certificate, over TLS; undefined: those that Node.js knows. */
  ca?: string | undefined;
  /** An event as parsed from JSON, whatever it is. */
  onEvent: (event: unknown) => void;
  /** Something that is not JSON, and how many bytes of it. */
  onJunk: (bytes: number) => void;
  onHeard: () => void;
};

/** The largest message, in bytes; the largest event that was seen has 5,000. */
const LARGEST = 4 << 20;

/** Gives, once the peer has answered a ping, what the stream's end will be and how to end it. Throws when it does not open. */
export async function openStream(deps: StreamDeps) {
  const ws = new WebSocket(deps.url, {
    headers: { authorization: deps.authorization },
    ...(deps.ca !== undefined && { ca: deps.ca }),
    perMessageDeflate: false,
    maxPayload: LARGEST,
    // One bad byte in somebody's name is no reason to miss the events that follow.
    skipUTF8Validation: true,
  });
  let silent = () => {};
  let pulse = { beat: () => {}, stop: () => {} };
  const ended = new Promise<TapedeckError>((resolve) => {
    silent = () => {
      resolve(fail('pbx_unreachable', 'The event stream is silent: its peer answers no ping.'));
      ws.terminate();
    };
    pulse = watchPulse(() => ws.readyState === WebSocket.OPEN && ws.ping(), silent);
    ws.on('unexpected-response', (request, response) => {
      const status = response.statusCode ?? 0;
      request.destroy();
      const refused = status === 401 || status === 403;
      resolve(fail(refused ? 'pbx_refused' : 'pbx_failed', `The event stream was answered with ${status}.`));
    });
    ws.on('error', (e) => resolve(connectionFault('The event stream', e)));
    ws.on('close', (code) => {
      pulse.stop();
      resolve(fail('pbx_unreachable', `The event stream closed (${code}).`));
    });
  });
  const heard = () => {
    pulse.beat();
    deps.onHeard();
  };
  ws.on('pong', heard);
  ws.on('message', (data) => {
    heard();
    const text = String(data);
    const event = parse(text);
    if (event === undefined) deps.onJunk(text.length);
    else deps.onEvent(event);
  });
  const end = () => {
    pulse.stop();
    ws.terminate();
  };
  // A peer that is silent after the handshake would else be up and down for ever.
  const answered = new Promise<null>((resolve) => {
    ws.once('open', () => ws.ping());
    ws.once('pong', () => resolve(null));
  });
  const late = setTimeout(silent, PATIENCE);
  const failed = await Promise.race([answered, ended]);
  clearTimeout(late);
  if (failed) {
    end();
    throw failed;
  }
  return { ended, end };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
