/** A SIP message (RFC 3261), as much of it as a phone in a laboratory needs. */
export type SipMessage = {
  /** `INVITE` and so on; empty for a response */
  method: string;
  uri: string;
  /** 0 for a request */
  status: number;
  reason: string;
  /** in their order; names in lower case */
  headers: [name: string, value: string][];
  body: string;
};

const COMPACT: Record<string, string> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
  k: 'supported',
};

/** Reads one datagram; undefined when it is not SIP (a keep-alive, for instance). */
export const parseMessage = (text: string): SipMessage | undefined => {
  const gap = text.indexOf('\r\n\r\n');
  if (gap < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, gap).split('\r\n');
  const body = text.slice(gap + 4);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    return [COMPACT[name] ?? name, line.slice(colon + 1).trim()];
  });
  const response = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(first);
  if (response) {
    return { method: '', uri: '', status: Number(response[1]), reason: response[2] ?? '', headers, body };
  }
  const request = /^([A-Z]+) (\S+) SIP\/2\.0$/.exec(first);
  if (!request) return undefined;
  return { method: request[1]!, uri: request[2]!, status: 0, reason: '', headers, body };
};

export const header = (message: SipMessage, name: string): string =>
  message.headers.find(([key]) => key === name)?.[1] ?? '';

export const allHeaders = (message: SipMessage, name: string): string[] =>
  message.headers.filter(([key]) => key === name).map(([, value]) => value);

/** CSeq's number and method. */
export const cseqOf = (message: SipMessage): { number: number; method: string } => {
  const [number, method = ''] = header(message, 'cseq').split(/\s+/);
  return { number: Number(number), method };
};

/** The branch of the topmost Via: it names the transaction. */
export const branchOf = (message: SipMessage): string =>
  /;branch=([^;,\s]+)/.exec(header(message, 'via'))?.[1] ?? '';

export const tagOf = (address: string): string => /;tag=([^;>\s]+)/.exec(address)?.[1] ?? '';

/** The URI of a From, To, Contact or Refer-To value. */
export const uriOf = (address: string): string =>
  /<([^>]+)>/.exec(address)?.[1] ?? address.split(';')[0]!.trim();

/** The user of a SIP URI or of an address that holds one: `"Ann" <sip:100@host>` gives `100`. */
export const userOf = (address: string): string =>
  decodeURIComponent(/sips?:([^@;>]+)@/.exec(address)?.[1] ?? '');

export const displayNameOf = (address: string): string =>
  (/^\s*"((?:[^"\\]|\\.)*)"/.exec(address)?.[1] ?? /^\s*([^<"]*?)\s*</.exec(address)?.[1] ?? '').replace(
    /\\(.)/g,
    '$1',
  );

export const writeMessage = (first: string, headers: [string, string][], body = ''): Buffer => {
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${first}\r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
};
