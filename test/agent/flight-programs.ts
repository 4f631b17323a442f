/** Armed programs whose recorder the tests look at, and the reports about their end. */
import fs from 'node:fs';
import path from 'node:path';
import { decodeReport } from '#dist/encode/decode.js';
import type { Report } from '#dist/report/schema.js';
import { nodeBinary, type NodeName } from '../harness/node-versions.ts';
import { agentRegister } from '../harness/paths.ts';
import {
  makeDirectory,
  type Owner,
  patientDeath,
  spawnCommand,
  type Target,
} from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';

/** The directories a program is given. */
export interface Place {
  readonly archive: string;
  readonly runtime: string;
  readonly env: Record<string, string>;
}

export function makePlace(owner: Owner): Place {
  const directory = makeDirectory(owner, 'flight');
  const archive = path.join(directory, 'archive');
  const runtime = path.join(directory, 'runtime');
  return {
    archive,
    runtime,
    env: { SLEEPER_ARCHIVE: archive, SLEEPER_RUNTIME_DIR: runtime, ...patientDeath },
  };
}

/** Names of the recorders in the directory. */
export function recorders(place: Place): string[] {
  return fs.existsSync(place.runtime) ? fs.readdirSync(place.runtime).sort() : [];
}

/** All reports of the archive, oldest first. */
export function reports(place: Place): Report[] {
  if (!fs.existsSync(place.archive)) return [];
  return fs
    .readdirSync(place.archive)
    .filter((name) => name.endsWith('.msgpack'))
    .sort()
    .map((name) => path.join(place.archive, name))
    .map((file) => decodeReport(fs.readFileSync(file), file));
}

/** The first report on process `pid`, once it is there. */
export function reportOn(place: Place, pid: number): Promise<Report> {
  return waitFor(`there is a report on process ${String(pid)}`, () =>
    reports(place).find(({ process: { pid: of } }) => of === pid),
  );
}

/** What `node` runs `source` with. */
export function armedCommand(node: NodeName, source: string): [string, ...string[]] {
  return [nodeBinary(node), '--require', agentRegister, '--eval', source];
}

/** Starts a program with the real helper; it must print `ready`. */
export async function startRecorded(
  owner: Owner,
  place: Place,
  source: string,
  node: NodeName = '20',
): Promise<Target> {
  const target = spawnCommand(owner, armedCommand(node, source), { env: place.env });
  await target.expect(/^ready$/);
  return target;
}

/** Leaves words of every kind, then works a little for more than a second, then waits. */
export const talkative = `
  const { arm } = require(process.execArgv[process.execArgv.indexOf('--require') + 1].replace('register', 'arm'));
  const agent = arm(); agent.annotate('build', '42'); agent.breadcrumb('order taken', { id: 4711 });
  const until = Date.now() + 1300;
  (function turn() {
    for (let i = 0; i < 1e5; i += 1) ({ i });
    if (Date.now() < until) setImmediate(turn);
    else { setInterval(() => {}, 1e6); console.log('ready'); }
  })();`;
