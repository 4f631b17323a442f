/** The zoo, from outside on Node.js 26, the newest. */
import { testLiving } from './harness/zoo-tests.ts';

testLiving('26', 'from outside');
