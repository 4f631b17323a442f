/**
 * The command line. Commands are files of `commands/`, each adding itself to the program; what they need to
 * work is imported inside their actions, so that `sleeper --help` loads nothing else. This file alone turns errors
 * into words and exit statuses, and it alone exits.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { SleeperError } from '../errors.ts';
import { sanitize } from '../report/sanitize.ts';
import { addAgentCaptureCommand } from './commands/agent-capture.ts';
import { addCoreCommand } from './commands/core.ts';
import { addDiffCommand } from './commands/diff.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDumpCommand } from './commands/dump.ts';
import { addExportCommand, addImportCommand } from './commands/export.ts';
import { addListCommand } from './commands/list.ts';
import { addNoteCommand, addPinCommand } from './commands/pin.ts';
import { addPruneCommand } from './commands/prune.ts';
import { addRunCommand } from './commands/run.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { addTasksCommand } from './commands/tasks.ts';
import { addViewCommand } from './commands/view.ts';
import { addWatchCommand } from './commands/watch.ts';
import { chosenStatus, exitStatus, exitStatusOf } from './exit-codes.ts';

/** Every command by its name, in the order of `sleeper --help`. */
const commands: Readonly<Record<string, (program: Command) => void>> = {
  run: addRunCommand,
  watch: addWatchCommand,
  dump: addDumpCommand,
  core: addCoreCommand,
  tasks: addTasksCommand,
  view: addViewCommand,
  diff: addDiffCommand,
  list: addListCommand,
  pin: addPinCommand,
  note: addNoteCommand,
  export: addExportCommand,
  import: addImportCommand,
  verify: addVerifyCommand,
  prune: addPruneCommand,
  doctor: addDoctorCommand,
  'agent-capture': addAgentCaptureCommand,
};

/**
 * Runs `sleeper` and sets the exit status. Never throws.
 * @param argv as process.argv: the first two words are skipped
 */
export async function main(argv: readonly string[]): Promise<void> {
  endQuietlyOnBrokenPipe();
  try {
    await createProgram(argv[2]).parseAsync(argv);
    process.exitCode ??= chosenStatus();
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
  endAtOnce();
}

/** Left to itself, Node waits until functions are compiled that nobody will call any more: some 15 ms. */
function endAtOnce(): void {
  // Text that a pipe has not taken yet, or an archive that is being tidied up, are among what is active.
  const isWritten = process.stdout.writableLength + process.stderr.writableLength === 0;
  if (isWritten && process.getActiveResourcesInfo().every((kind) => idleStreams.has(kind)))
    process.exit();
}

/** Our own input and output, with nothing under way. */
const idleStreams: ReadonlySet<string> = new Set(['TTYWrap', 'PipeWrap', 'TCPSocketWrap']);

/** @param asked the word where the name of a command stands: if it is one, the others are left out, which saves a tenth of the start */
function createProgram(asked = ''): Command {
  const program = new Command('sleeper')
    .description('Says what a stuck or dead Node.js process really does, with stack and values.')
    .version(readVersion())
    .exitOverride()
    .configureOutput({ outputError: writeUsageError })
    .showSuggestionAfterError();
  const addAsked = Object.hasOwn(commands, asked) ? commands[asked] : undefined;
  for (const addCommand of addAsked === undefined ? Object.values(commands) : [addAsked])
    addCommand(program);
  addRedactOption(program);
  return program;
}

/** Commands that capture; what they start inherits the choice. */
const capturing = new Set(['run', 'watch', 'dump', 'core', 'tasks']);

function addRedactOption(program: Command): void {
  for (const command of program.commands.filter((one) => capturing.has(one.name()))) {
    command.option(
      '--redact <words>',
      'secrets besides the usual: names, /patterns/ of values; -name is none; commas between',
    );
    command.hook('preAction', (_, action) => {
      const { redact } = action.opts<{ redact?: string }>();
      if (redact === undefined) return;
      const before = process.env['SLEEPER_REDACT'];
      process.env['SLEEPER_REDACT'] = before === undefined ? redact : `${before},${redact}`;
    });
  }
}

function readVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** commander says "error: unknown option '--jsn'\n(Did you mean --json?)". */
function writeUsageError(text: string, write: (text: string) => void): void {
  const [message = '', ...rest] = text
    .trim()
    .replace(/^error: /, '')
    .split('\n');
  const hint = rest.join(' ').replace(/^\((.*)\)$/, ' $1');
  write(
    `sleeper: ${sanitize(message + hint)}\n  next: sleeper --help, or sleeper <command> --help\n`,
  );
}

/** @returns the exit status */
function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) {
    return isHelpAsked(error) ? exitStatus.done : exitStatus.usage;
  }
  if (error instanceof SleeperError) {
    process.stderr.write(`sleeper: ${sanitize(error.message)}\n  next: ${sanitize(error.help)}\n`);
    return exitStatusOf(error.code);
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = stack.split('\n').map((line) => sanitize(line));
  process.stderr.write(
    `sleeper: this is an error in sleeper itself; please report it with these lines:\n${lines.join('\n')}\n`,
  );
  return exitStatus.failed;
}

function isHelpAsked(error: CommanderError): boolean {
  return error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
}

/** `sleeper list | head -1`: the reader has seen enough. That is no failure, and there is nobody to tell. */
function endQuietlyOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      process.exit();
    }
    process.exitCode = reportFailure(error);
  });
  process.stderr.on('error', () => {
    // Nobody reads what we have to say; the exit status still tells.
  });
}
