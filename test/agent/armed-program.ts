/** Programs with the agent loaded, and a helper that does nothing but show what it was asked. */
import fs from 'node:fs';
import { Socket } from 'node:net';
import path from 'node:path';
import { requireNative } from '#dist/native.js';
import { nodeBinary, type NodeName } from '../harness/node-versions.ts';
import { agentRegister } from '../harness/paths.ts';
import { makeDirectory, spawnCommand, type Owner, type Target } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';

/** Answers as `sleeper agent-capture` does; the "report" is the request itself. */
const helperScript = `
  const fs = require('node:fs');
  const text = fs.readFileSync(0, 'utf8');
  const request = JSON.parse(text);
  if (request.mode === 'stacks') {
    process.stdout.write('STACKS ' + text);
  } else {
    const file = request.archive + '/' + (request.fileName ?? 'crash-' + request.pid + '-' + process.pid);
    fs.mkdirSync(request.archive, { recursive: true });
    fs.writeFileSync(file + '.tmp', JSON.stringify({ ...request, helper: { env: process.env, argv: process.argv } }));
    fs.renameSync(file + '.tmp', file);
    process.stdout.write('REPORT ' + file + '\\n');
  }
`;

/** What the agent asks its helper for, as far as the tests look at it. */
export interface HelperRequest {
  pid: number;
  mode: string;
  trigger: { kind: string; reason: string };
  archive: string;
  reportId?: string;
  fileName?: string;
  isolates: { tid: number; workerId: number; address: number; framePointer?: number }[];
  error?: { name: string; message: string; stack?: string; [key: string]: unknown };
  errorTid?: number;
  annotations: Record<string, string>;
  breadcrumbs: { text: string; data?: unknown }[];
  helper: { env: Record<string, string>; argv: string[] };
}

/** A place for reports and the helper that writes them. */
export interface Workshop {
  archive: string;
  env: Record<string, string>;
  /** Requests served so far. */
  requests(): HelperRequest[];
  /** Waits for the next request after the first `known`. */
  next(known?: number): Promise<HelperRequest>;
}

export function makeWorkshop(owner: Owner, helper = helperScript): Workshop {
  const directory = makeDirectory(owner, 'agent');
  const script = path.join(directory, 'helper.cjs');
  const archive = path.join(directory, 'archive');
  fs.writeFileSync(script, helper);
  const requests = () =>
    fs.existsSync(archive)
      ? fs
          .readdirSync(archive)
          .filter((name) => !/\.(tmp|log)$/.test(name))
          .sort()
          .map(
            (name) =>
              JSON.parse(fs.readFileSync(path.join(archive, name), 'utf8')) as HelperRequest,
          )
      : [];
  return {
    archive,
    env: {
      SLEEPER_HELPER: script,
      SLEEPER_ARCHIVE: archive,
      SLEEPER_RUNTIME_DIR: path.join(directory, 'runtime'),
    },
    requests,
    next: (known = 0) => waitFor(`report ${known + 1} is written`, () => requests().at(known)),
  };
}

/**
 * Starts `source` with the agent; the program must print `ready`.
 * @param options `rights`: flags of setpriv, for what a program of another user has besides
 */
export async function startArmed(
  owner: Owner,
  workshop: Workshop,
  source: string,
  options: { node?: NodeName; uid?: number; rights?: readonly string[] } = {},
): Promise<Target> {
  const { uid, rights = ['--clear-groups'] } = options;
  const target = spawnCommand(
    owner,
    [
      'env',
      ...(uid === undefined ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, ...rights]),
      nodeBinary(options.node ?? '20'),
      '--require',
      agentRegister,
      '--eval',
      source,
    ],
    // Node.js 24 does not start where its user may not look.
    { env: workshop.env, ...(uid !== undefined && { directory: path.dirname(workshop.archive) }) },
  );
  await target.expect(/^ready$/);
  return target;
}

/** Sends a line to the agent of `pid` and resolves with its answer; null when it hangs up without one. */
export function ask(pid: number, line: string): Promise<unknown> {
  return exchange(openAgent(pid), line);
}

/** Opens a conversation. */
export function openAgent(pid: number): Socket {
  const fd = requireNative().connectAgent(pid);
  if (fd < 0) throw new Error(`cannot connect to the agent of ${pid}: errno ${-fd}`);
  return new Socket({ fd });
}

function exchange(socket: Socket, line: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
      if (!answer.endsWith('\n')) return;
      socket.destroy();
      resolve(JSON.parse(answer));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') resolve(null);
      else reject(error);
    });
    socket.on('end', () => {
      resolve(null);
    });
    socket.write(`${line}\n`);
  });
}
