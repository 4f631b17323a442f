/** What a debugger of Node.js itself does: SIGUSR1, a WebSocket, pause, the variables of each frame, resume. */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import type { Target } from '../harness/spawn-target.ts';
import { waitFor } from '../harness/wait.ts';

/** What was seen, in words. */
export interface InspectorLook {
  readonly pausedMs: number;
  readonly text: string;
}

/** Frames whose variables are asked for, as a debugger's window shows. */
const maxFrames = 30;
/** Scopes of a frame but the last, which is the global object. */
const localScopes = new Set(['local', 'block', 'closure', 'catch']);

interface CallFrame {
  readonly functionName: string;
  readonly location: { readonly lineNumber: number };
  readonly scopeChain: readonly { readonly type: string; readonly object: { objectId?: string } }[];
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { callFrames?: CallFrame[] };
  readonly result?: {
    result?: { name: string; value?: { value?: unknown; description?: string } }[];
  };
}

/** As little of RFC 6455 as a client on the same machine needs: text frames, masked by us, not by them, unfragmented. */
class Channel {
  readonly #socket: net.Socket;
  readonly #waiting: ((message: Message) => boolean)[] = [];
  #bytes = Buffer.alloc(0);
  #isOpen = false;
  #nextId = 1;

  constructor(socket: net.Socket, onOpen: () => void) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      if (!this.#isOpen) {
        const end = this.#bytes.indexOf('\r\n\r\n');
        if (end < 0) return;
        this.#bytes = this.#bytes.subarray(end + 4);
        this.#isOpen = true;
        onOpen();
      }
      this.#takeFrames();
    });
  }

  request(method: string, params: Record<string, unknown> = {}): Promise<Message> {
    const id = this.#nextId++;
    const answer = this.next((message) => message.id === id);
    const body = Buffer.from(JSON.stringify({ id, method, params }));
    const mask = randomBytes(4);
    const length = body.length < 126 ? [body.length] : [126, body.length >> 8, body.length & 255];
    const header = Buffer.from([0x81, 0x80 | (length[0] ?? 0), ...length.slice(1), ...mask]);
    this.#socket.write(Buffer.concat([header, body.map((byte, i) => byte ^ (mask[i % 4] ?? 0))]));
    return answer;
  }

  next(isWanted: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve) => {
      this.#waiting.push((message) => {
        if (!isWanted(message)) return false;
        resolve(message);
        return true;
      });
    });
  }

  #takeFrames(): void {
    for (;;) {
      const short = this.#bytes.length < 2 ? 0 : (this.#bytes[1] ?? 0) & 127;
      const header = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (this.#bytes.length < header) return;
      const length =
        short === 126
          ? this.#bytes.readUInt16BE(2)
          : short === 127
            ? Number(this.#bytes.readBigUInt64BE(2))
            : short;
      if (this.#bytes.length < header + length) return;
      const message = JSON.parse(this.#bytes.toString('utf8', header, header + length)) as Message;
      this.#bytes = this.#bytes.subarray(header + length);
      const at = this.#waiting.findIndex((take) => take(message));
      if (at >= 0) this.#waiting.splice(at, 1);
    }
  }
}

async function connect(address: URL): Promise<{ socket: net.Socket; channel: Channel }> {
  const socket = net.connect(Number(address.port), address.hostname);
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET ${address.pathname} HTTP/1.1\r\nHost: ${address.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  const channel = await new Promise<Channel>((resolve, reject) => {
    const opened: Channel = new Channel(socket, () => {
      resolve(opened);
    });
    socket.once('error', reject);
  });
  return { socket, channel };
}

/** @param target started with --inspect-port=0; its debugger stays open when this is over */
export async function lookByInspector(target: Target): Promise<InspectorLook> {
  target.signal('SIGUSR1');
  const address = await waitFor('the debugger listens', () =>
    target.lines
      .map((line) => /Debugger listening on (ws:\S+)/.exec(line)?.[1])
      .findLast((found) => found !== undefined),
  );
  const { socket, channel } = await connect(new URL(address));
  const paused = channel.next(({ method }) => method === 'Debugger.paused');
  await channel.request('Debugger.enable');
  await channel.request('Debugger.pause');
  const { params } = await paused;
  const pausedAtMs = performance.now();
  const words: string[] = [];
  for (const frame of params?.callFrames?.slice(0, maxFrames) ?? []) {
    words.push(`${frame.functionName}:${String(frame.location.lineNumber)}`);
    for (const { type, object } of frame.scopeChain) {
      if (!localScopes.has(type) || object.objectId === undefined) continue;
      const { objectId } = object;
      const { result } = await channel.request('Runtime.getProperties', {
        objectId,
        ownProperties: true,
      });
      for (const { name, value } of result?.result ?? [])
        words.push(`${name}=${JSON.stringify(value?.value ?? value?.description)}`);
    }
  }
  await channel.request('Debugger.resume');
  const pausedMs = performance.now() - pausedAtMs;
  await channel.request('Debugger.disable');
  socket.destroy();
  return { pausedMs, text: words.join(' ') };
}
