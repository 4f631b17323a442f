/** Does somebody accept connections on a port or a socket file? A kernel accepts for a process that does not: see the docs. */
import net from 'node:net';
import type { Judged } from './question.ts';

/** @throws the system's error; the signal ends it */
export function askSocket(
  address: net.TcpNetConnectOpts | net.IpcNetConnectOpts,
  signal: AbortSignal,
): Promise<Judged> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(address);
    const stop = (): void => {
      socket.destroy();
      reject(new Error('no answer'));
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', stop);
      socket.destroy();
      resolve({ isGood: true, detail: 'connected' });
    });
    socket.once('error', (error) => {
      signal.removeEventListener('abort', stop);
      reject(error);
    });
  });
}
