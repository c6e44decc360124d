/** The part of a log that feeds need; a pino logger has it. */
export interface FeedLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const NO_LOG: FeedLog = { info() {}, warn() {}, error() {} }
