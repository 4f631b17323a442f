/** Programs whose agent is served by a watcher, and what came of what they asked. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { makeWorkshop, startArmed } from '../agent/armed-program.ts';
import { root } from '../harness/paths.ts';
import type { NodeName } from '../harness/node-versions.ts';
import { type Target, patientDeath } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';
import { type Watching, startWatch } from './watching.ts';

/** Notes what it was asked, and has nothing to report. */
const helper = `
  const fs = require('node:fs');
  const { archive, trigger } = JSON.parse(fs.readFileSync(0, 'utf8'));
  fs.mkdirSync(archive, { recursive: true });
  fs.appendFileSync(archive + '/helped.log', trigger.kind + ' ' + trigger.reason + '\\n');
  process.stdout.write('NONE\\n');
`;

const arm = path.join(root, 'dist/agent/arm.cjs');
/** Does what it is told. */
const source = `
  const agent = require(${JSON.stringify(arm)}).arm();
  function charge(order, tenantCode) { process.abort(); }
  function become(uid) {
    process.setgroups([]);
    process.setgid(uid);
    process.setuid(uid);
    console.log('became', uid);
  }
  require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
    if (line === 'abort') charge(4711, 'tenant-' + 'secret');
    else if (line.startsWith('become ')) become(Number(line.slice(7)));
    else console.log('captured', line, await agent.capture(line));
  });
  console.log('ready');
`;

export interface Scene {
  readonly target: Target;
  readonly watch: Watching;
  readonly archive: string;
  /** Asks the program for a report. @returns path of the report; `null`: the helper was asked */
  capture(reason: string): Promise<string | null>;
  /** What the helper was asked. */
  helped(): string[];
  capturerPid(): number;
  /** Processes that stand by for other users. */
  standbys(): number[];
  /** Waits until there is one, and it has nothing to do. */
  standingBy(): Promise<number>;
}

export async function startScene(
  t: TestContext,
  options: {
    readonly node?: NodeName;
    readonly env?: Readonly<Record<string, string>>;
    readonly flags?: readonly string[];
    /** The program is of this user. */
    readonly uid?: number;
    readonly rights?: readonly string[];
    /** A command that starts the watcher. */
    readonly within?: readonly string[];
    /** The archive belongs to root, whoever the program is. */
    readonly isArchiveOfRoot?: boolean;
  } = {},
): Promise<Scene> {
  const workshop = makeWorkshop(t, helper);
  const { env, node, uid, rights, within = [], isArchiveOfRoot = false } = options;
  Object.assign(workshop.env, patientDeath, env);
  if (uid !== undefined) {
    fs.chmodSync(path.dirname(workshop.archive), 0o755);
    fs.mkdirSync(workshop.archive);
    if (!isArchiveOfRoot) fs.chownSync(workshop.archive, uid, uid);
  }
  const target = await startArmed(t, workshop, source, {
    ...(node !== undefined && { node }),
    ...(uid !== undefined && { uid }),
    ...(rights !== undefined && { rights }),
  });
  const watch = startWatch(t, [String(target.pid), ...(options.flags ?? [])], { within });
  await watch.tells('that it watches', ({ event }) => event === 'watching');
  const note = path.join(workshop.archive, 'helped.log');
  const standbys = (): number[] => childrenOf(watch.pid).filter((pid) => isStandby(pid));
  return {
    target,
    watch,
    archive: workshop.archive,
    capture: async (reason) => {
      target.say(reason);
      const [, found = ''] = await target.expect(new RegExp(`^captured ${reason} (.+)$`));
      return found === 'null' ? null : found;
    },
    helped: () => (fs.existsSync(note) ? fs.readFileSync(note, 'utf8').trimEnd().split('\n') : []),
    capturerPid: () => {
      const pid = childrenOf(watch.pid).find((child) => !isStandby(child));
      assert.ok(pid, 'a capture process is ready');
      return pid;
    },
    standbys,
    standingBy: () => waitFor('a process stands by', () => standbys().find(waitsForInput)),
  };
}

function childrenOf(pid: number): number[] {
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

function isStandby(pid: number): boolean {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0--standby\0');
  } catch {
    return false; // it has ended
  }
}

/** A process of Node.js listens to its standard input when it has nothing else to do first: the descriptor is in an epoll set. */
function waitsForInput(pid: number): boolean {
  try {
    const directory = `/proc/${pid}/fdinfo`;
    const files = fs.readdirSync(directory);
    return files.some((fd) => /^tfd:\s+0 /m.test(fs.readFileSync(`${directory}/${fd}`, 'utf8')));
  } catch {
    return false;
  }
}

export async function startServed(
  t: TestContext,
  options: Parameters<typeof startScene>[1] = {},
): Promise<Scene> {
  const scene = await startScene(t, options);
  await scene.watch.tells('that it serves the agent', ({ event }) => event === 'agent-found');
  return scene;
}

/** Again and again: the watcher may be busy with getting ready. */
export async function captureServed(scene: Scene, reason: string): Promise<string> {
  let round = 0;
  return waitFor(`a report "${reason}" from the watcher`, () =>
    scene.capture(`${reason}-${++round}`),
  );
}
