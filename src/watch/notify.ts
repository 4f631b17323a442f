/**
 * Tells systemd how the watcher is: sd_notify(3), one datagram to the socket that NOTIFY_SOCKET names. Its watchdog is fed
 * by the watcher's own turns, so that it starves when these stop, whatever else still runs in the process.
 */
import { requireNative } from '../native.ts';

/** Feeds a service manager. */
export class Notifier {
  readonly #socket: string | null;
  /** Between two signs of life; null: nobody wants them. */
  readonly #everyMs: number | null;
  #nextAtMs = 0;
  #status = '';

  /** @param env what the service manager gave us; it is taken away from what we start */
  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#socket = env['NOTIFY_SOCKET'] ?? null;
    const microseconds = Number(env['WATCHDOG_USEC'] ?? NaN);
    const isForUs =
      env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(process.pid);
    this.#everyMs = isForUs && microseconds > 0 ? microseconds / 1_000 / 3 : null;
    delete env['NOTIFY_SOCKET'];
    delete env['WATCHDOG_USEC'];
    delete env['WATCHDOG_PID'];
  }

  /** The first look through the machine is done. */
  ready(): void {
    this.#send('READY=1');
  }

  /** The watcher has looked at all whose time it was. @param watched number of targets */
  turn(watched: number, nowMs: number): void {
    const status = `STATUS=watching ${watched} ${watched === 1 ? 'process' : 'processes'}`;
    if (status !== this.#status) {
      this.#status = status;
      this.#send(status);
    }
    if (this.#everyMs === null || nowMs < this.#nextAtMs) return;
    this.#nextAtMs = nowMs + this.#everyMs;
    this.#send('WATCHDOG=1');
  }

  stopping(): void {
    this.#send('STOPPING=1');
  }

  /** What cannot be told is no trouble of the targets: nothing is thrown. */
  #send(text: string): void {
    if (this.#socket === null) return;
    try {
      requireNative().sendDatagram(this.#socket, text);
    } catch {
      // Without the addon there is nobody to tell.
    }
  }
}
