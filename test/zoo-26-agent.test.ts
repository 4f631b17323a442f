/** The zoo, with an agent on Node.js 26, the newest. */
import { testLiving } from './harness/zoo-tests.ts';

testLiving('26', 'with agent');
