/** The agent for programs that carry it knowingly. */
export { arm } from './agent/arm.cts';
export type { Agent, ArmOptions } from './agent/arm.cts';
