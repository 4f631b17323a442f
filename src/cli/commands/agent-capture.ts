/**
 * `sleeper agent-capture`, hidden: the helper an agent starts. Reads one JSON request on standard input and answers in
 * one line, or in mode `stacks` with text: see answer-agent.ts.
 */
import type { Command } from 'commander';
import { endWith, exitStatus } from '../exit-codes.ts';

/** A request may hold an error with long messages, and breadcrumbs. */
const maxRequestBytes = 16 << 20;

/** Adds the command. */
export function addAgentCaptureCommand(program: Command): void {
  program
    .command('agent-capture', { hidden: true })
    .description('used by the agent: capture the process that asks')
    .action(async () => {
      const { answerAgent } = await import('../answer-agent.ts');
      const { text, isFault } = await answerAgent(readInput);
      process.stdout.write(text);
      endWith(isFault ? exitStatus.failed : exitStatus.done);
    });
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
