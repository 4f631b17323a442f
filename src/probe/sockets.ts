/**
 * What the descriptors of a process are: files by /proc/PID/fd, sockets by their inode in /proc/PID/net/{tcp,tcp6,udp,
 * udp6,unix} (proc_pid_net(5), Documentation/networking/proc_net_tcp.rst). Addresses stay numbers: a name would need
 * the network.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { limits } from '../limits.ts';
import type { Handle, Request } from '../report/schema.ts';
import { readLinkFact } from './fact.ts';

/** One end of a socket, and what the kernel says of it. */
export interface SocketReading {
  readonly address?: string;
  readonly peer?: string;
  readonly state?: string;
  /** Bytes in the kernel's receive queue; of a listening socket: connections not accepted yet. */
  readonly unreadBytes?: number;
  /** The other end has room for nothing more: the kernel's zero window probe timer runs. */
  readonly peerFull?: boolean;
}

/** TCP states of include/net/tcp_states.h, by number. */
const tcpStates = [
  '',
  'connected',
  'connecting',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'closed',
  'close-wait',
  'last-ack',
  'listening',
  'closing',
  'syn-received',
];
const listening = 10;
/** `tr` of proc_net_tcp.rst: which timer runs for the socket. */
const zeroWindowTimer = '04';
/** SS_CONNECTING and SS_CONNECTED of include/uapi/linux/net.h; __SO_ACCEPTCON of include/linux/net.h. */
const unix = { connecting: 2, connected: 3, acceptFlag: 0x10000 } as const;

/** Servers listen on IPv6, as a rule, for both. */
const tables = ['unix', 'tcp6', 'tcp', 'udp6', 'udp'] as const;
type Table = (typeof tables)[number];

/**
 * The sockets of a network namespace by inode. A table that cannot be read is empty.
 * @param wanted inodes: with all of these found, no further table is read. The kernel looks through all of its hash table for each of TCP's: 5 ms
 * in a machine with 24 GiB of memory that has ten connections.
 */
export function readSockets(pid: number, wanted?: readonly string[]): Map<string, SocketReading> {
  const sockets = new Map<string, SocketReading>();
  for (const table of tables) {
    if (wanted?.every((inode) => sockets.has(inode)) === true) break;
    for (const [inode, socket] of parseSocketTable(table, readTable(`/proc/${pid}/net/${table}`)))
      sockets.set(inode, socket);
  }
  return sockets;
}

/** Of `socket:[4711]`; null for what is no socket. */
export function socketInode(file: string): string | null {
  return /^socket:\[(\d+)\]$/.exec(file)?.[1] ?? null;
}

/** Parses the text of one table; lines that do not fit are passed over. */
export function parseSocketTable(table: Table, text: string): Map<string, SocketReading> {
  const sockets = new Map<string, SocketReading>();
  for (const line of text.split('\n').slice(1)) {
    const words = line.trim().split(/\s+/);
    const parsed = table === 'unix' ? parseUnix(words) : parseInternet(words, table);
    if (parsed !== null) sockets.set(parsed.inode, parsed.socket);
  }
  return sockets;
}

type Parsed = { inode: string; socket: SocketReading } | null;

/** sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid timeout inode … */
function parseInternet(words: readonly string[], table: Table): Parsed {
  const [, local = '', remote = '', state = '', queues = '', timer = '', , , , inode] = words;
  const address = parseEndpoint(local);
  const peer = parseEndpoint(remote);
  if (inode === undefined || address === null || peer === null) return null;
  const isTcp = table.startsWith('tcp');
  const number = parseInt(state, 16);
  const word = isTcp ? tcpStates[number] : undefined;
  const unread = parseInt(queues.split(':')[1] ?? '', 16);
  return {
    inode,
    socket: {
      address,
      // Nobody at the other end: the address is all zeros and the port 0.
      ...(!peer.endsWith(':0') && { peer }),
      ...(word !== undefined && word !== '' && { state: word }),
      ...(isTcp && timer.startsWith(`${zeroWindowTimer}:`) && { peerFull: true }),
      ...(unread > 0 && !(isTcp && number === listening) && { unreadBytes: unread }),
    },
  };
}

/** Num RefCount Protocol Flags Type St Inode Path; paths may hold spaces, abstract names begin with @. */
function parseUnix(words: readonly string[]): Parsed {
  const [, , , flags = '', , state = '', inode, ...path] = words;
  if (inode === undefined) return null;
  const isListening = (parseInt(flags, 16) & unix.acceptFlag) !== 0;
  const number = parseInt(state, 16);
  const word = isListening
    ? 'listening'
    : number === unix.connected
      ? 'connected'
      : number === unix.connecting
        ? 'connecting'
        : undefined;
  return {
    inode,
    socket: {
      ...(path.length > 0 && { address: path.join(' ') }),
      ...(word !== undefined && { state: word }),
    },
  };
}

/**
 * `0100007F:1F90` → `127.0.0.1:8080`: 32-bit words as the machine keeps them (little-endian), the port as people write it.
 * @returns null when it is none
 */
export function parseEndpoint(text: string): string | null {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text);
  if (match === null) return null;
  const [, hex = '', port = ''] = match;
  const bytes = Buffer.from(hex, 'hex');
  bytes.swap32();
  const number = parseInt(port, 16);
  return bytes.length === 4
    ? `${[...bytes].join('.')}:${number}`
    : `${formatIPv6(bytes)}:${number}`;
}

function formatIPv6(bytes: Buffer): string {
  // ::ffff:a.b.c.d: an IPv4 peer of a socket that takes both.
  if (bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff)
    return `[::ffff:${[...bytes.subarray(12)].join('.')}]`;
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  const zeros = longestZeros(groups);
  if (zeros.length < 2) return `[${groups.join(':')}]`;
  const head = groups.slice(0, zeros.start).join(':');
  const tail = groups.slice(zeros.start + zeros.length).join(':');
  return `[${head}::${tail}]`;
}

function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** A descriptor: what it is, and of sockets both ends. */
export interface DescriptorReading {
  /** A path, `pipe:[…]`, `socket:[…]`. */
  readonly file: string;
  readonly socket?: SocketReading;
}

/** What these descriptors of a process are; those that cannot be read are left out. */
export function readDescriptors(
  pid: number,
  fds: Iterable<number>,
): Map<number, DescriptorReading> {
  const files = new Map<number, string>();
  for (const fd of new Set(fds)) {
    const file = readLinkFact(`/proc/${pid}/fd/${fd}`);
    if (file.known) files.set(fd, file.value);
  }
  const sockets = readSockets(
    pid,
    [...files.values()].flatMap((file) => socketInode(file) ?? []),
  );
  return new Map(
    [...files].map(([fd, file]): [number, DescriptorReading] => {
      const socket = sockets.get(socketInode(file) ?? '');
      return [fd, { file, ...(socket !== undefined && { socket }) }];
    }),
  );
}

/** Adds what /proc knows of the descriptors of handles and requests. */
export function describeDescriptors(
  pid: number,
  handles: readonly Handle[],
  requests: readonly Request[],
): { handles: Handle[]; requests: Request[] } {
  const known = readDescriptors(
    pid,
    [...handles, ...requests].flatMap(({ fd }) => fd ?? []),
  );
  return {
    handles: handles.map((handle) => {
      const { file, socket } = known.get(handle.fd ?? -1) ?? {};
      // What libuv says of its state comes first: it is what the program will act upon.
      return { ...(file !== undefined && { file }), ...socket, ...handle };
    }),
    requests: requests.map((request) => {
      const { file, socket: { peer } = {} } = known.get(request.fd ?? -1) ?? {};
      return {
        ...request,
        ...(file !== undefined && { file }),
        ...(peer !== undefined && { peer }),
      };
    }),
  };
}

/** A table of /proc, up to limits.maxSocketTableBytes; empty when it cannot be read. */
function readTable(path: string): string {
  const chunks: Buffer[] = [];
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    for (let total = 0; total < limits.maxSocketTableBytes;) {
      const chunk = Buffer.allocUnsafe(64 << 10);
      const count = readSync(fd, chunk, 0, chunk.length, null);
      if (count <= 0) break;
      chunks.push(chunk.subarray(0, count));
      total += count;
    }
  } catch {
    // What was read so far is good.
  } finally {
    closeSync(fd);
  }
  return Buffer.concat(chunks).toString('latin1');
}
