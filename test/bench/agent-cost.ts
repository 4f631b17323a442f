/** What the agent adds to a program that does nothing: start-up time, processor time and memory, in pairs of runs. */
import { spawn } from 'node:child_process';
import { agentRegister } from '../harness/paths.ts';
import { makeRow } from './statistics.ts';
import type { Row } from './statistics.ts';

interface Run {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly rssMiB: number;
}

/** The program tells its own use of the processor and memory as its last act. */
const program = `
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  console.log(JSON.stringify([(userCPUTime + systemCPUTime) / 1000, process.memoryUsage.rss() / 2 ** 20]));
`;

function runOnce(flags: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const startedAtMs = performance.now();
    const child = spawn(process.execPath, [...flags, '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (status) => {
      const wallMs = performance.now() - startedAtMs;
      if (status !== 0) {
        reject(new Error(`node ${flags.join(' ')} ended with ${String(status)}`));
        return;
      }
      const [cpuMs, rssMiB] = JSON.parse(output) as [number, number];
      resolve({ wallMs, cpuMs, rssMiB });
    });
  });
}

/** Differences within pairs: with the agent minus without, one right after the other. */
export async function measureAgent(rounds: number): Promise<Row[]> {
  const without: Run[] = [];
  const added: Run[] = [];
  for (let round = 0; round < rounds; round++) {
    const plain = await runOnce([]);
    const armed = await runOnce(['--require', agentRegister]);
    without.push(plain);
    added.push({
      wallMs: armed.wallMs - plain.wallMs,
      cpuMs: armed.cpuMs - plain.cpuMs,
      rssMiB: armed.rssMiB - plain.rssMiB,
    });
  }
  const rows = (what: string, unit: string, of: (run: Run) => number): Row[] => [
    makeRow(what, 'node -e', unit, without.map(of)),
    makeRow(what, 'agent adds', unit, added.map(of)),
  ];
  return [
    ...rows('start to end', 'ms', ({ wallMs }) => wallMs),
    ...rows('processor time', 'ms', ({ cpuMs }) => cpuMs),
    ...rows('memory (RSS)', 'MiB', ({ rssMiB }) => rssMiB),
  ];
}
