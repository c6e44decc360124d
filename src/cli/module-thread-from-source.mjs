// The entry of a module's thread where the project runs from its sources: hooks that read TypeScript do not reach a thread by
// themselves (https://github.com/privatenumber/tsx/issues/354). It is no part of what is built.
import { register } from 'tsx/esm/api'

register()
await import('./module-thread.ts')
