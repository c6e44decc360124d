/** What feeds need of a log; a pino logger is one. */
export interface FeedLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const NO_LOG: FeedLog = { info() {}, warn() {}, error() {} }
