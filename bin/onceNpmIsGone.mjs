/**
 * Calls back when npm, which started this process, has ended. npm does not pass SIGTERM on: what it started would go
 * on without a parent. Does nothing if npm did not start this process, since then a parent may end on purpose.
 */
export function onceNpmIsGone(callback) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, 500);
  timer.unref();
}
