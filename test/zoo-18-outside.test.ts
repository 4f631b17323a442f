/** The zoo, from outside on Node.js 18, the oldest that is read. */
import { testLiving } from './harness/zoo-tests.ts';

testLiving('18', 'from outside');
