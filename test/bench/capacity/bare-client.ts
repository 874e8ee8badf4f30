import { Pool } from 'undici';
import WebSocket from 'ws';

/**
 * As little as records both sides of a call over ARI: two snoops on each caller's leg as it is answered, and a recording of each. It
 * keeps no account, looks at no policy and finishes nothing. Started by `burst.ts`, which is sent "ready".
 */
export type BareOrder = { url: string; username: string; password: string; callers: string };

const order = JSON.parse(process.argv[2]!) as BareOrder;
const { origin, host } = new URL(order.url);
const authorization = `Basic ${Buffer.from(`${order.username}:${order.password}`).toString('base64')}`;
const pool = new Pool(origin, { connections: 8 });

type Told = {
  type: string;
  channel?: { id: string; state: string; caller: { number: string } };
};

async function ask(path: string, params: Record<string, string>): Promise<void> {
  const { body } = await pool.request({
    ...{ path: `/ari/${path}?${new URLSearchParams(params)}`, method: 'POST', headers: { authorization } },
  });
  await body.dump();
}

const events = new WebSocket(`ws://${host}/ari/events?app=bare&subscribeAll=true`, {
  ...{ headers: { authorization }, perMessageDeflate: false },
});
events.on('message', (data) => {
  const { type, channel } = JSON.parse(String(data)) as Told;
  if (!channel) return;
  const { id, state, caller } = channel;
  if (type === 'ChannelStateChange' && state === 'Up' && caller.number.startsWith(order.callers))
    for (const spy of ['in', 'out']) void ask(`channels/${id}/snoop/bare-${spy}-${id}`, { spy, app: 'bare' });
  if (type === 'StasisStart' && id.startsWith('bare-'))
    void ask(`channels/${id}/record`, { name: id, format: 'wav', ifExists: 'fail' });
});
events.on('open', () => process.send!('ready'));
process.once('disconnect', () => process.exit());
