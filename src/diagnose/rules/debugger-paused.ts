/** A debugger holds the program at a breakpoint, or the program waits for one. */
import { type Rule, frameEvidence, nameMain } from '../evidence.ts';
import { calledBy, nameProcess } from '../words.ts';

/** node::inspector::NodeInspectorClient (src/inspector_agent.cc) while it serves the debugger. */
const serving = /NodeInspectorClient::|MainThreadInterface::WaitForFrontendEvent/;
/** V8 asks for that loop when it has come to a breakpoint (src/inspector/v8-debugger.cc); else nobody has connected yet. */
const atBreak = /v8_inspector::V8Debugger::|internal::Debug::|Runtime_(HandleDebugger|DebugBreak)/;

/** C++ frames of the inspector's message loop. */
export const debuggerPaused: Rule = (scene) => {
  const { main, capture } = scene;
  const names = scene.allFrames.map((frame) => frame.function);
  const frame = names.find((name) => serving.test(name));
  if (frame === undefined) return null;
  const isWaiting = !names.some((name) => atBreak.test(name));
  const caller = scene.appFrames[0];
  const holder = capture.neighbours?.find(({ relation }) => relation === 'debugger');
  const who = holder === undefined ? 'a debugger' : nameProcess(holder);
  return {
    kind: 'debugger-paused',
    summary: isWaiting
      ? 'The program waits for a debugger to connect (--inspect-brk, --inspect-wait or inspector.waitForDebugger()).'
      : `The program stands at a breakpoint: ${who} holds it${calledBy(caller, capture).replace(', called by', ' in')}.`,
    confidence: 'certain',
    thread: main.tid,
    evidence: [
      { text: `${nameMain(scene)} is in ${frame}` },
      ...(holder === undefined
        ? []
        : [{ text: `connected to its inspector: ${nameProcess(holder)}` }]),
      ...frameEvidence(scene),
    ],
    advice: isWaiting
      ? `Connect a debugger (node inspect -p ${capture.process.pid}), or start the program without that option.`
      : `Let the debugger continue or disconnect${holder === undefined ? '' : `: process ${holder.pid} has it`}. A debug port in production is open to everybody who reaches it.`,
  };
};
