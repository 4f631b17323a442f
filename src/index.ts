/** The agent for programs that carry it knowingly. */
export { arm } from './agent/agent.cts';
export type { Agent, ArmOptions } from './agent/arm.cts';
