/** Whether the process with this id is there; another one may have got the id meanwhile. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // One of another user is running, too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
