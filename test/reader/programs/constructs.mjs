// The steps of constructs.cjs below a top-level await, in a module whose source is in its URL.
import './constructs.cjs';
await Promise.resolve();
await import('data:text/javascript,const%20named%3D5%3Bawait%200%3BstartSteps(named)');
