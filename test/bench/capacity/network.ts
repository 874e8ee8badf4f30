import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createLab, emptySpool, type Pbx, startPbx } from '../../support/pbx/pbx.js';
import { linearToUlaw, ulawToLinear } from '../../support/pbx/sip/codecs.js';
import type { Source } from '../../support/pbx/sources.js';
import { createRecorderLab } from '../../support/recorder.js';
import { readWav, toFloat } from '../../support/recordings/audio.js';

/**
 * npm run bench:network: how much of what a phone says survives a bad network, in percent: at the other phone, in MixMonitor's
 * recording and in Tapedeck's captured file, of one and the same call. On each version of Asterisk, as packets are lost, late
 * and overtake each other. Noise is said, so that each packet's sound is known again wherever it lies.
 */
const SECONDS = 20;
const NETWORKS = [
  { loss: 0, lateMs: 0, inOrder: true },
  { loss: 0.05, lateMs: 0, inOrder: true },
  { loss: 0, lateMs: 60, inOrder: true },
  { loss: 0, lateMs: 60, inOrder: false },
  { loss: 0.05, lateMs: 60, inOrder: false },
];
/** What Asterisk may still hold in hand when the captured file is looked at, in packets of 20 ms. */
const UNWRITTEN = 150;
/** The samples in the middle of a packet by which it is known. */
const KEY = { from: 70, samples: 6 };

type Noise = Source & { said: Int16Array[] };
const noise = (): Noise => {
  const said: Int16Array[] = [];
  const sample = () => ulawToLinear(linearToUlaw(Math.round((Math.random() - 0.5) * 8_000)));
  const frame = () => {
    const next = Int16Array.from({ length: 160 }, sample);
    said.push(next);
    return next;
  };
  return { said, frame, finished: () => false };
};

/** Returns how many percent of these packets are somewhere in this sound. */
function percentIn(sound: Float32Array, packets: readonly Float32Array[]): string {
  const keys = new Set<string>();
  for (let i = 0; i + KEY.samples <= sound.length; i++) keys.add(sound.subarray(i, i + KEY.samples).join());
  const found = packets.filter((p) => keys.has(p.subarray(KEY.from, KEY.from + KEY.samples).join()));
  return ((100 * found.length) / packets.length).toFixed(1);
}

const samplesOf = (file: string): Float32Array => readWav(file).channels[0]!;

async function measure(pbx: Pbx, dir: string, { loss, lateMs, inOrder }: (typeof NETWORKS)[number]) {
  const lab = createLab(pbx);
  const spoken = noise();
  const ann = await lab.phone('100', { source: () => spoken });
  const bob = await lab.phone('101', { source: noise });
  try {
    const call = await ann.call('101');
    await call.answered;
    const atBob = await bob.incoming();
    call.rtp.drop(loss);
    call.rtp.jitter(lateMs, { inOrder });
    await delay(1_500);
    const channels = await pbx.ask<{ name: string }[]>('/channels');
    const { name } = channels.find((channel) => channel.name.startsWith('PJSIP/100-'))!;
    const mixed = join(dir, 'mixed');
    await pbx.cli(`mixmonitor start ${name} ${mixed}.wav,r(${mixed}-in.wav)`);
    const from = spoken.said.length;
    await delay(SECONDS * 1_000);
    const packets = spoken.said.slice(from + 10, spoken.said.length - UNWRITTEN).map(toFloat);
    const [file] = readdirSync(pbx.recordingDir).filter((f) => /^tapedeck-.*-in\.wav$/.test(f));
    copyFileSync(join(pbx.recordingDir, file!), join(dir, 'captured.wav'));
    await call.hangup();
    await delay(2_000);
    return {
      phone: percentIn(toFloat(atBob.rtp.heard()), packets),
      MixMonitor: percentIn(samplesOf(`${mixed}-in.wav`), packets),
      Tapedeck: percentIn(samplesOf(join(dir, 'captured.wav')), packets),
    };
  } finally {
    await lab.stop();
  }
}

const COLUMNS = ['Asterisk', 'lost', 'late up to', 'overtaking', 'phone', 'MixMonitor', 'Tapedeck'] as const;
const row = (...cells: (string | number)[]): string =>
  cells.map((cell, n) => String(cell).padStart(Math.max(5, COLUMNS[n]!.length))).join('  ');

console.log(row(...COLUMNS));
for (const version of [22, 16] as const) {
  const pbx = await startPbx({ version, name: `network-${version}` });
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-network-'));
  emptySpool(pbx);
  const recorder = createRecorderLab({ dir, pbx });
  try {
    await recorder.startDaemon();
    for (const network of NETWORKS) {
      const { phone, MixMonitor, Tapedeck } = await measure(pbx, dir, network);
      const { loss, lateMs, inOrder } = network;
      console.log(
        row(version, `${loss * 100}%`, `${lateMs} ms`, inOrder ? 'no' : 'yes', phone, MixMonitor, Tapedeck),
      );
    }
  } finally {
    await recorder.stop();
    await pbx.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
