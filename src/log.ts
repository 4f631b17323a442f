/**
 * The log of the watcher and the command line; the agent never writes to its host's streams.
 *
 * On a terminal one short line for people per event: a third of a screen of code here, so that no pretty-printer
 * and its dozen packages come along. Elsewhere pino's JSON lines. Both are written synchronously: the line before
 * a crash is the one that matters.
 */
import { isatty } from 'node:tty';
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { sanitize } from './report/sanitize.ts';

export interface LogOptions {
  /** A file that lines are appended to (created 0600); standard error when absent. */
  readonly destination?: string;
}

/** A log that is closed again. */
export interface OpenLog {
  readonly log: Logger;
  /** Lets go of the file; standard error stays open. */
  close(): void;
}

/** A log for as long as we live, see openLog(). */
export function createLog(): Logger {
  return openLog().log;
}

/**
 * Opens the log. SLEEPER_LOG_FORMAT=json|text overrides what the stream suggests, SLEEPER_LOG_LEVEL the level (info).
 * @throws the system's error when the file cannot be opened
 */
export function openLog(options: LogOptions = {}): OpenLog {
  const stream = pino.destination({ dest: options.destination ?? 2, sync: true, mode: 0o600 });
  stream.on('error', () => {
    // A broken pipe or a full disk must not end the watcher.
  });
  const level = process.env['SLEEPER_LOG_LEVEL'] ?? 'info';
  const settings = {
    base: { name: 'sleeper' }, // no pid of ours: in these lines `pid` is a target's
    level: Object.hasOwn(pino.levels.values, level) || level === 'silent' ? level : 'info',
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: pino.stdSerializers.err },
  };
  return {
    log: pino(settings, isForPeople(options) ? readableLines(stream) : stream),
    close: () => {
      stream.end();
    },
  };
}

function isForPeople(options: LogOptions): boolean {
  const format = process.env['SLEEPER_LOG_FORMAT'];
  if (format === 'json' || format === 'text') {
    return format === 'text';
  }
  return options.destination === undefined && isatty(2);
}

function readableLines(stream: DestinationStream): DestinationStream {
  return {
    write(line) {
      stream.write(`${formatLogLine(JSON.parse(line) as Record<string, unknown>)}\n`);
    },
  };
}

/** What is shown in another place, or is the same in every line. */
const placedKeys = ['level', 'time', 'name', 'msg', 'err'];

/**
 * One event for people: `00:48:31 warn  message  key=value key=value`. Times are UTC, as in the reports.
 * @param event one parsed line of pino's
 */
export function formatLogLine(event: Readonly<Record<string, unknown>>): string {
  const label = pino.levels.labels[Number(event['level'])] ?? 'log';
  const clock = String(event['time']).slice(11, 19);
  const fields = Object.entries(event)
    .filter(([key]) => !placedKeys.includes(key))
    .map(([key, value]) => `${sanitize(key, 60)}=${formatFact(value)}`);
  const { err, msg } = event;
  if (isRecord(err)) {
    fields.push(`error=${formatFact(err['message'])}`);
  }
  const message = typeof msg === 'string' ? sanitize(msg) : '';
  return [
    `${clock} ${label.padEnd(5)} ${message}`,
    ...(fields.length > 0 ? [fields.join(' ')] : []),
  ].join('  ');
}

function formatFact(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = sanitize(text, 300);
  return /^\S+$/.test(safe) ? safe : JSON.stringify(safe);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
