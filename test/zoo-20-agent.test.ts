/** The zoo, with an agent on Node.js 20, the oldest that has one. */
import { testLiving } from './harness/zoo-tests.ts';

testLiving('20', 'with agent');
