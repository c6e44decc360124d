/** The place where a pipeline's bytes go, without a stream in between. */
export interface Sink {
  /**
   * Takes bytes, whole lines.
   *
   * @returns undefined: the bytes are written, or copied. Else a promise, until whose end they must not change
   * @throws the fault of writing; the promise is rejected with it
   */
  write(bytes: Uint8Array): Promise<void> | undefined
  /** Calls back when the sink fails while nothing is written to it, with the fault. Default: it never does. */
  watch?(failed: (fault: Error) => void): void
}

/** Where a pipeline writes. */
export interface Sinks {
  readonly output: Sink
  /** Default: records of rejected events are only counted. */
  readonly errors?: Sink | undefined
}
