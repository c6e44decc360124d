/**
 * The last good content of files, beyond the process that has read them: for a worker that starts while a file is
 * broken, when others serve from what it was before.
 */
export interface KeptFiles {
  /** A file was read well. */
  onLoaded(file: string, version: string): void
  /** The path of its last good content; undefined: there is none. */
  lastGood(file: string): string | undefined
  /** True when another process has read the file well at some time. */
  wasLoaded(file: string): boolean
  /** Nobody else serves: a start without a feed that cannot be read is better than none. */
  readonly mayLack: boolean
}
