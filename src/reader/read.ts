/** Reads stacks and values of every JavaScript thread of a live process, from outside. */
import type { EventLoopClock, ProcessReading, ReadOptions } from './reading.ts';

/**
 * Reads the process as it is now. Stops its JavaScript threads for well under a millisecond, mostly.
 * @throws SleeperError ERR_SLEEPER_NO_SUCH_PROCESS, ERR_SLEEPER_NOT_NODE, ERR_SLEEPER_UNSUPPORTED_NODE,
 *         ERR_SLEEPER_ATTACH_DENIED, ERR_SLEEPER_TARGET_GONE
 */
export function readProcess(_pid: number, _options: ReadOptions): Promise<ProcessReading> {
  return Promise.reject(new Error('not built yet'));
}

/**
 * Finds the main loop of a process; cheap to read afterwards.
 * @throws SleeperError as readProcess()
 */
export function openEventLoop(_pid: number): Promise<EventLoopClock> {
  return Promise.reject(new Error('not built yet'));
}
