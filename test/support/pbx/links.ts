import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { ask } from '../../../daemon/ops/control-client.js';
import { type ApiClient, createApiClient, createRecorderLab, until } from '../recorder.js';
import { decode, hear } from '../recordings/audio.js';
import type { Lab, Pbx } from './pbx.js';
import { readPrompt } from './sources.js';

export type Status = {
  pbxes: { ari: boolean; ami: boolean; problem: { message: string } | null }[];
  calls_now: number;
  recording_now: number;
  event_loop_p99_ms: number;
};

export async function recorded(api: ApiClient, number: string) {
  const find = async () => (await api.calls(`&q=${encodeURIComponent(number)}`))[0];
  return until(`the recording of ${number}`, async () => {
    const call = await find();
    return call?.recording ? call : null;
  }).catch(async (e: Error) => {
    throw new Error(`${e.message}: ${JSON.stringify(await find())}`);
  });
}

/** A Tapedeck that reaches the PBX as `seen`. */
export async function recorderFor(t: Test, seen: Pbx) {
  const dir = t.testdir({});
  const recorder = createRecorderLab({ dir, pbx: seen });
  t.teardown(() => recorder.stop());
  await recorder.startDaemon();
  const { address, setupCode } = await recorder.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, 'anna', 'four unrelated quiet words');
  const status = () => ask(recorder.dataDir, 'status');
  const told = () => readFileSync(join(dir, 'run.log'), 'utf8');
  await until('both links', async () => {
    const [pbx] = (await status()).pbxes;
    return pbx?.ari && pbx.ami;
  });
  return { recorder, api, status, told };
}

/** How much of the prompt is on the left of a recording, 0 to 1. */
export async function heardOf(lab: Lab, api: ApiClient, id: string, prompt: 'vm-options' | 'vm-intro') {
  const sound = await decode(await api.audio(id), 8000);
  return hear(readPrompt(lab.prompt(prompt)), sound.channels[0]!, 8000).share;
}
