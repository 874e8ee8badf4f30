/**
 * Takes what comes over a manager connection apart into messages, and lets through what asterisk-manager can bear. It
 * would keep a line without end in memory, read a long message again with every packet of it, take an event or an ActionID
 * named like one of its own signals ("close", "rawevent") for that signal, and swallow everything after a line
 * "Response: Follows".
 */
export type Messages = { feed: (text: string) => void };

/** In characters. The longest line of a real Asterisk is a variable's, a few thousand at most. */
const LINE = 64 << 10;
const MESSAGE = 256 << 10;
const KEY = /^([^:\r\n]{1,100}): ?(.*)$/s;
const USABLE = /^\w{1,64}$/;
/** What asterisk-manager itself emits, or listens to. */
const RESERVED =
  /^(rawevent|managerevent|response|asterisk|error|connect|close|end|newlistener|removelistener)$/i;

export type MessagesDeps = {
  /** Whether anybody wants events of this name: the others, which are most, are not worth being read. */
  wanted: (event: string) => boolean;
  /** Given one whole message as text. */
  onMessage: (text: string) => void;
  /** Hears why something was left out that makes no sense. */
  onJunk: (why: string) => void;
};

export function createMessages({ wanted, onMessage, onJunk }: MessagesDeps): Messages {
  let rest = '';
  let skipping = false;
  let lines: string[] = [];
  let size = 0;

  function line(text: string): void {
    if (text === '') {
      const message = lines;
      lines = [];
      size = 0;
      if (message.length === 0) return;
      const event = valueIn(message, 'event');
      if (event !== undefined && USABLE.test(event) && !wanted(event)) return;
      const fault = faultOf(message, event);
      if (fault) onJunk(fault);
      else onMessage(`${message.join('\r\n')}\r\n\r\n`);
    } else if (size + text.length > MESSAGE) {
      onJunk('a message that is too long');
    } else if (KEY.test(text)) {
      lines.push(text);
      size += text.length;
    } else if (!text.startsWith('Asterisk Call Manager')) onJunk('a line without a name');
  }

  return {
    feed(text) {
      const parts = text.split('\n');
      const last = parts.pop()!;
      for (const part of parts) {
        const whole = rest + part;
        rest = '';
        if (skipping || whole.length > LINE) onJunk('a line that is too long');
        else line(whole.endsWith('\r') ? whole.slice(0, -1) : whole);
        skipping = false;
      }
      if (rest.length + last.length > LINE) skipping = true;
      rest = skipping ? '' : rest + last;
    },
  };
}

function valueIn(message: string[], name: string): string | undefined {
  for (const text of message) {
    const [, key, value] = KEY.exec(text)!;
    if (key!.replace(/\s/g, '').toLowerCase() === name) return value;
  }
  return undefined;
}

function faultOf(message: string[], event: string | undefined): string | null {
  if (event !== undefined && (!USABLE.test(event) || RESERVED.test(event)))
    return 'an event without a usable name';
  const response = valueIn(message, 'response');
  if (
    response !== undefined &&
    (/follow/i.test(response) || !/^\d{1,40}$/.test(valueIn(message, 'actionid') ?? '0'))
  )
    return 'an answer to nobody';
  return event === undefined && response === undefined ? 'neither event nor answer' : null;
}
