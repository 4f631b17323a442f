/** Preload: `node --require sleeper-agent/register app.js`, or `--import`. Arms the agent, in Workers too. */
import { arm } from './agent.cts';

try {
  arm();
} catch {
  // The program comes first. arm() has logged what it could.
}
