/**
 * `sleeper agent-capture`, hidden: the helper an agent starts. Reads one JSON request on standard input and answers in
 * one line, or in mode `stacks` with text: see answer-agent.ts. With `--standby` a watcher starts it in advance: see stand-by.ts.
 */
import type { Command } from 'commander';
import type { Answer } from '../answer-agent.ts';
import { endWith, exitStatus } from '../exit-codes.ts';

/** A request may hold an error with long messages, and breadcrumbs. */
const maxRequestBytes = 16 << 20;

/** Adds the command. */
export function addAgentCaptureCommand(program: Command): void {
  program
    .command('agent-capture', { hidden: true })
    .description('used by the agent: capture the process that asks')
    .option('--standby <pid>', 'used by a watcher: get ready for this process, then wait', Number)
    .action(async ({ standby }: { standby?: number }) => {
      const answer = await (standby === undefined ? answerNow() : standByFor(standby));
      if (answer === null) return;
      process.stdout.write(answer.text);
      endWith(answer.isFault ? exitStatus.failed : exitStatus.done);
    });
}

async function answerNow(): Promise<Answer> {
  const { answerAgent } = await import('../answer-agent.ts');
  return answerAgent(readInput);
}

async function standByFor(pid: number): Promise<Answer | null> {
  const { standBy } = await import('../stand-by.ts');
  return standBy(pid, readInput);
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxRequestBytes) throw new Error('the request of the agent is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
