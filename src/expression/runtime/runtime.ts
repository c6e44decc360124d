import * as helpers from './helpers.ts'

/** Everything that generated code calls, by the name under which it calls it. */
export const RUNTIME = helpers
